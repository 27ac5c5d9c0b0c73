import type { Component, FunctionParameter, ShapeRef } from '../../grammar/ast.ts';
import type { Span } from '../../grammar/span.ts';
import { Dim, formatDims } from '../ir/dim.ts';
import { type Context, type Given, Stop } from './context.ts';
import { type Diagnostic, Reporter } from './diagnostics/index.ts';
import { Env, type ModuleScope } from './env.ts';
import type { LoadedSpec } from './modules.ts';
import { toDim } from './numbers.ts';
import { sampleArguments, sampleOfType } from './sample-values.ts';
import { isAnySize } from './shapes.ts';
import { ERROR, type InstanceValue, int, show, type Value } from './values.ts';

/** How the open sizes of a signature are chosen. */
interface Sizes {
  /** The size of the `i`-th open name. */
  of(i: number): number;
  /** Axes that `...` stands for. */
  readonly rest: number;
  /** A first axis of another name than `B` holds the batch, as windows of attention do. */
  readonly batched?: boolean;
}

const sizeChoices: readonly Sizes[] = [
  { of: (i) => 16 + 8 * i, rest: 2 },
  { of: (i) => 32 * (i + 1), rest: 1 },
  { of: (i) => 16 + 8 * i, rest: 2, batched: true },
  { of: () => 16, rest: 0 },
  { of: () => 64, rest: 3, batched: true },
  { of: () => 64, rest: 2 },
  { of: () => 4, rest: 1 },
  { of: () => 49, rest: 2 },
  { of: () => 1, rest: 2 },
];

/** Choices of sizes made of the block's own numbers. */
const MOST_OWN = 48;

interface Attempt {
  readonly diagnostics: readonly Diagnostic[];
  /** Values that the block's own conditions exclude say nothing about it. */
  readonly unsuitable: boolean;
  /** `n = 4, x [B, 4, 16, 24]` */
  readonly values: string;
  /** Whole numbers that the block was made with. */
  readonly numbers: readonly number[];
}

/**
 * Checks blocks of the spec's own files that no model uses, each by itself: with its defaults and small numbers for all
 * else that its `require`s allow. What goes well with any of the values is right; a mistake is what goes wrong with all
 * of them, at the same place.
 *
 * @param used blocks that a model instantiates
 * @param open makes the context for one attempt
 */
export function checkLoneBlocks(
  loaded: LoadedSpec,
  used: ReadonlySet<Component>,
  open: (reporter: Reporter) => Context,
  reporter: Reporter,
): void {
  const known = reporter.diagnostics.filter((d) => d.severity === 'error');
  for (const file of loaded.own) {
    const entry = loaded.modules.get(file);
    for (const component of entry?.module.declarations ?? []) {
      if (component.kind !== 'block' || used.has(component) || !entry) continue;
      // What else is wrong may follow from that.
      if (known.some((d) => within(d.span, component.span))) continue;
      for (const d of mistakesOf(component, entry.scope, open)) reporter.add(d);
    }
  }
}

function mistakesOf(
  component: Component,
  scope: ModuleScope,
  open: (reporter: Reporter) => Context,
): readonly Diagnostic[] {
  const failed: Attempt[] = [];
  /** Whether nothing is wrong with these values. */
  const passes = (args: ReadonlyMap<string, Value>, sizes: Sizes): boolean => {
    const found = attempt(component, scope, args, sizes, open);
    if (!found.unsuitable && found.diagnostics.length > 0) failed.push(found);
    return !found.unsuitable && found.diagnostics.length === 0;
  };
  for (const args of sampleArguments(component)) {
    const before = failed.length;
    for (const sizes of sizeChoices) {
      if (passes(args, sizes)) return [];
      // What fails before sizes matter, or is excluded, does so with all of them.
      if (failed.length === before) break;
    }
    // A number of tokens may be the product of two of the block's own numbers.
    if (failed.length === before) continue;
    for (const sizes of ownSizes(failed[before].numbers)) if (passes(args, sizes)) return [];
  }
  const [first, ...others] = failed;
  if (!first) return [];
  const key = ({ code, span }: Diagnostic) => `${code} ${span.file} ${span.start}`;
  const common = first.diagnostics.filter((d) =>
    others.every((other) => other.diagnostics.some((o) => key(o) === key(d))),
  );
  const note = `no model uses ${component.name.name}; it was checked by itself${first.values && ` with ${first.values}`}`;
  return common.map((d) => ({ ...d, notes: [...d.notes, note] }));
}

function ownSizes(numbers: readonly number[]): Sizes[] {
  const sizes = [...new Set(numbers.flatMap((a) => [a, ...numbers.map((b) => a * b)]))];
  const choices = sizes
    .filter((n) => n > 0 && n <= 4096)
    .flatMap((n): Sizes[] => [
      { of: () => n, rest: 2 },
      { of: (i) => (i === 0 ? n : 16 + 8 * i), rest: 1 },
      { of: (i) => (i === 1 ? n : 16 + 8 * i), rest: 1, batched: true },
    ]);
  return choices.slice(0, MOST_OWN);
}

function attempt(
  component: Component,
  scope: ModuleScope,
  args: ReadonlyMap<string, Value>,
  sizes: Sizes,
  open: (reporter: Reporter) => Context,
): Attempt {
  const reporter = new Reporter();
  const c = open(reporter);
  const texts = [...args].map(([name, value]) => `${name} = ${show(value)}`);
  const numbers: number[] = [];
  try {
    const spans = new Map(component.params.map((p) => [p.name.name, p.span]));
    const given = new Map([...args].map(([name, value]) => [name, { value, span: spans.get(name)! }]));
    const block = { kind: 'block', component, scope } as const;
    const span = component.name.span;
    const made = c.instantiate({ kind: 'application', block, args: given, span }, '');
    if (made.kind === 'instance') {
      for (const value of made.env.vars.values()) numbers.push(...wholeNumbers(value));
      if (made.forward) texts.push(...callForward(c, made, sizes, span));
    }
  } catch (e) {
    if (!(e instanceof Stop)) throw e;
  }
  const diagnostics = reporter.diagnostics.filter((d) => d.severity === 'error');
  return {
    diagnostics,
    unsuitable: diagnostics.some((d) => isExcluded(d, component)),
    values: texts.join(', '),
    numbers: [...new Set(numbers)],
  };
}

/** Whether it is the values that were made up which a block refuses: by a condition of its own, or their types. */
function isExcluded(d: Diagnostic, { params, span }: Component): boolean {
  if (params.some((p) => !p.default && within(d.span, p.span))) return true;
  return (
    d.code === 'requirement-failed' &&
    d.labels.some((label) => label.text.startsWith('here ') && within(label.span, span))
  );
}

/**
 * Calls `forward` with tensors of its signature. Without a shape or type an argument is unknown; then the body is worked
 * through all the same, for the mistakes that do not depend on it.
 *
 * @returns the arguments as text
 */
function callForward(c: Context, instance: InstanceValue, sizes: Sizes, span: Span): string[] {
  const { fn } = instance.forward!.decl;
  const env = new Env(instance.forward!.env.scope, instance.forward!.env);
  const open = { count: 0 };
  const values = fn.params.map((param) => {
    const value = argumentOf(c, param, env, sizes, open);
    if (!param.shape) env.set(param.name.name, value);
    return value;
  });
  const texts = fn.params.flatMap(({ name }, i) => {
    const value = values[i];
    return value.kind === 'tensor' ? [`${name.name} ${formatDims(value.dims)}`] : [];
  });
  if (values.some((v) => v.kind === 'error')) {
    fn.params.forEach(({ name }, i) => {
      env.set(name.name, values[i]);
    });
    c.inFunction(() => c.run(fn.body, env));
    return texts;
  }
  const given = values.map((value): Given => ({ name: undefined, value, span, expr: undefined }));
  c.callInstance(instance, given, span, env);
  return texts;
}

function argumentOf(
  c: Context,
  { name, shape, type }: FunctionParameter,
  env: Env,
  sizes: Sizes,
  open: { count: number },
): Value {
  if (!shape) return (type?.kind === 'name' && sampleOfType(type.name)) || ERROR;
  const dims = shape.dims.flatMap((axis, i): (Dim | undefined)[] => {
    if (axis.kind === 'rest') return Array.from({ length: sizes.rest }, (_, k) => Dim.of(6 + 4 * k));
    const known = axis.kind !== 'name' || axis.name === 'B' || env.get(axis.name) !== undefined;
    if (known && !isAnySize(axis)) return [toDim(c.evaluate(axis, env))];
    const size = sizes.of(open.count++);
    const batched = sizes.batched === true && isBatchAxis(shape, i);
    const dim = batched ? Dim.B.times(size) : Dim.of(size);
    if (axis.kind === 'name' && !isAnySize(axis) && dim) {
      env.set(axis.name, batched ? { kind: 'dim', dim } : int(size));
    }
    return [dim];
  });
  if (!dims.every((d): d is Dim => d !== undefined && d.size > 0)) return ERROR;
  const id = c.builder.source(
    'input',
    `argument ${name.name}`,
    dims.map((d) => d.at(c.batch)),
  );
  return { kind: 'tensor', id, dims, dtype: 'f32', span: name.span, from: `the argument \`${name.name}\`` };
}

/** The first axis of a shape without `B`. */
const isBatchAxis = ({ dims }: ShapeRef, i: number): boolean =>
  i === 0 && !dims.some((axis) => axis.kind === 'name' && axis.name === 'B');

function wholeNumbers(value: Value): number[] {
  if (value.kind === 'rational' && value.den === 1) return [value.num];
  return value.kind === 'vector' ? value.items.flatMap(wholeNumbers) : [];
}

function within(inner: Span, outer: Span): boolean {
  return inner.file === outer.file && inner.start >= outer.start && inner.end <= outer.end;
}
