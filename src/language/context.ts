import type { Argument, Component, Expr, Stmt } from '../../grammar/ast.ts';
import type { Span } from '../../grammar/span.ts';
import type { GraphBuilder } from '../ir/builder.ts';
import type { Dims } from '../ir/dim.ts';
import type { ValueId } from '../ir/graph.ts';
import type { OpTable } from '../ir/op.ts';
import type { Reporter } from './diagnostics/index.ts';
import type { Env } from './env.ts';
import type { Buffer, ModuleInstance, Parameter } from './model.ts';
import type { LoadedSpec } from './modules.ts';
import type { UseNotes } from './unreached.ts';
import { type ApplicationValue, type InstanceValue, showPath, type Value } from './values.ts';

/** Steps of evaluation that one model may take; the largest shipped spec takes about 20 000. */
const MAX_STEPS = 2_000_000;
/** Nesting of evaluation; deeper would exhaust the stack. */
const MAX_DEPTH = 600;
/** Calls within calls. */
const MAX_CALLS = 100;

/** Ends evaluation after a limit was reported. */
export class Stop extends Error {
  override readonly name = 'Stop';
}

/** An argument with its value. */
export interface Given {
  readonly name: { readonly name: string; readonly span: Span } | undefined;
  readonly value: Value;
  readonly span: Span;
  readonly expr: Expr | undefined;
}

/** A buffer while the model is worked through; `next` is what the last `update` so far makes of it. */
export interface BufferState extends Omit<Buffer, 'next'> {
  readonly dims: Dims;
  next: ValueId | undefined;
}

/** What the parts of evaluation share. The functions at the end tie them together. */
export interface Context {
  readonly reporter: Reporter;
  readonly report: Reporter['report'];
  readonly builder: GraphBuilder;
  readonly ops: OpTable;
  readonly library: LoadedSpec['library'];
  /** The spec's own files: warnings are about these. */
  readonly own: LoadedSpec['own'];
  /** `training` in the spec; {@link asksForMode} is told when it is read. */
  readonly training: boolean;
  /** Whether ops that draw random numbers are part of the graph. */
  readonly stochastic: boolean;
  asksForMode(): void;
  readonly batch: number;
  readonly parameters: Parameter[];
  readonly buffers: BufferState[];
  readonly modules: ModuleInstance[];
  /** For warnings about what is of no use. */
  readonly notes: UseNotes;
  /** Is told of each block that is instantiated. */
  instantiated(component: Component): void;
  /** The blocks that are being instantiated or called, outermost first, and where the text asks for it. */
  readonly building: { component: Component; path: string; span: Span }[];
  readonly limits: Limits;
  /** Works in the body of a `forward` or `def`. */
  inFunction<T>(f: () => T): T;
  readonly functions: number;
  evaluate(expr: Expr, env: Env): Value;
  /** Value of the last expression, `undefined` where the last statement is none. */
  run(statements: readonly Stmt[], env: Env): Value | undefined;
  call(callee: Value, args: readonly Given[], span: Span, env: Env): Value;
  arguments(args: readonly Argument[], env: Env): Given[];
  /** Creates the instance that an application stands for, under a name. */
  instantiate(application: ApplicationValue, path: string): Value;
  callInstance(instance: InstanceValue, args: readonly Given[], span: Span, env: Env): Value;
}

/** Counts what would otherwise have no end. */
export class Limits {
  private steps = 0;
  private depth = 0;
  private calls = 0;
  private readonly report: Reporter['report'];

  constructor(report: Reporter['report']) {
    this.report = report;
  }

  step(span: Span, count = 1): void {
    this.steps += count;
    if (this.steps <= MAX_STEPS) return;
    this.report('too-many-steps', span, { limit: MAX_STEPS });
    throw new Stop();
  }

  nested<T>(span: Span, f: () => T): T {
    if (++this.depth > MAX_DEPTH) this.tooDeep(span);
    try {
      return f();
    } finally {
      this.depth--;
    }
  }

  called<T>(span: Span, f: () => T): T {
    if (++this.calls > MAX_CALLS) this.tooDeep(span);
    try {
      return f();
    } finally {
      this.calls--;
    }
  }

  private tooDeep(span: Span): never {
    this.report('too-deep', span, { limit: MAX_CALLS });
    throw new Stop();
  }
}

/** Where in the model something failed; `outer` skips as many instances, innermost first. */
export function placeNote(c: Pick<Context, 'building'>, outer = 0): string[] {
  const path = c.building[c.building.length - 1 - outer]?.path;
  return path ? [`in \`${showPath(path)}\``] : [];
}
