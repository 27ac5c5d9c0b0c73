import type { Shape } from '../ir/graph.ts';
import { fitsAny, renamed } from '../language/name-patterns.ts';
import type { Parameter, PretrainedSection, RenameRule } from '../language/program.ts';
import { nearest } from '../language/suggest.ts';
import { type Tensor, toFloat32 } from '../tensors/tensor.ts';

/**
 * What became of a tensor of the file, or of a parameter of the model: `loaded`; `skipped` by a rule; `alias`, a
 * second name of a tensor with the same values; `new`, a parameter that keeps its first values as the rules say;
 * `shape`, one that keeps them since `if_shape` found other shapes; `missing`, `unexpected` and `mismatch`, which
 * the rules do not allow.
 */
export type PretrainedStatus =
  | 'loaded'
  | 'skipped'
  | 'alias'
  | 'new'
  | 'shape'
  | 'missing'
  | 'unexpected'
  | 'mismatch';

export interface PretrainedRow {
  /** The parameter; `` where a tensor of the file belongs to none. */
  readonly parameter: string;
  /** The tensor in the file; `` where a parameter gets none. */
  readonly from: string;
  readonly status: PretrainedStatus;
  /** For people: both shapes, or what is near. */
  readonly detail: string;
}

export interface PretrainedMatch {
  readonly rows: readonly PretrainedRow[];
  /** First values of the parameters that were loaded. */
  readonly weights: ReadonlyMap<string, Float32Array>;
}

/** Rules of a model without a `pretrained` section: every name and shape is the model's own. */
export const strictRules: Pick<
  PretrainedSection,
  'into' | 'rename' | 'skip' | 'alias' | 'fresh' | 'ifShape'
> = { into: '', rename: [], skip: [], alias: [], fresh: [], ifShape: [] };

type Rules = typeof strictRules;

const floating = ['F32', 'F64', 'F16', 'BF16'];
const shapeText = (shape: Shape) => `[${shape.join(', ')}]`;

/** Applies the rules of a section to a file's tensors; rows follow the file, then the parameters it lacks. */
export function matchPretrained(
  parameters: readonly Parameter[],
  rules: Rules,
  tensors: ReadonlyMap<string, Tensor>,
): PretrainedMatch {
  const prefix = rules.into === '' ? '' : `${rules.into}.`;
  const wanted = new Map(parameters.map((p) => [p.name, p]));
  const left = new Set(wanted.keys());
  const otherShapes = patternsOfOtherShape(parameters, rules, tensors, prefix);
  const weights = new Map<string, Float32Array>();
  const rows: PretrainedRow[] = [];
  const row = (parameter: string, from: string, status: PretrainedStatus, detail = '') =>
    void rows.push({ parameter, from, status, detail });

  for (const [from, tensor] of tensors) {
    if (fitsAny(from, rules.skip)) {
      row('', from, 'skipped');
      continue;
    }
    const first = aliasOf(from, rules.alias);
    if (first !== undefined) {
      const other = tensors.get(first);
      if (!other) row('', from, 'unexpected', `a second name of ${first}, which the file lacks`);
      else if (sameValues(tensor, other)) row('', from, 'alias', first);
      else row('', from, 'mismatch', `a second name of ${first}, with other values`);
      continue;
    }
    const name = nameInModel(from, rules, prefix);
    const parameter = wanted.get(name);
    if (!parameter) {
      // Only names that the file does not fill are worth proposing.
      const near = nearest(
        name,
        [...left].filter((n) => n.startsWith(prefix)),
      );
      row(
        '',
        from,
        'unexpected',
        `${name === from ? '' : `would be ${name}; `}${nearText('the model', near)}`,
      );
      continue;
    }
    const local = name.slice(prefix.length);
    if (!left.delete(name)) row(name, from, 'mismatch', 'another tensor of the file goes there too');
    else if (otherShapes.some((pattern) => fitsAny(local, [pattern])))
      row(
        name,
        from,
        'shape',
        `the file ${shapeText(tensor.shape)}, the model ${shapeText(parameter.shape)}`,
      );
    else if (tensor.shape.join() !== parameter.shape.join())
      row(
        name,
        from,
        'mismatch',
        `the file ${shapeText(tensor.shape)}, the model ${shapeText(parameter.shape)}`,
      );
    else if (!floating.includes(tensor.dtype))
      row(name, from, 'mismatch', `holds ${tensor.dtype}, expected floating point`);
    else {
      weights.set(name, toFloat32(tensor));
      row(name, from, 'loaded');
    }
  }
  const unexpected = rows.filter((r) => r.status === 'unexpected').map((r) => r.from);
  for (const name of left) {
    const local = name.slice(prefix.length);
    if (!name.startsWith(prefix) || fitsAny(local, rules.fresh)) row(name, '', 'new');
    else row(name, '', 'missing', nearText('the file', nearest(local, unexpected)));
  }
  return { rows, weights };
}

const nearText = (where: string, near: string | undefined) => (near ? `${where} has ${near}` : '');

function nameInModel(from: string, rules: Rules, prefix: string): string {
  for (const rule of rules.rename) {
    const name = renamed(from, rule);
    if (name !== undefined) return prefix + name;
  }
  return prefix + from;
}

function aliasOf(name: string, rules: readonly RenameRule[]): string | undefined {
  for (const rule of rules) {
    const first = renamed(name, rule);
    if (first !== undefined) return first;
  }
  return undefined;
}

/** Those `if_shape` patterns under which some shape differs: none of their tensors is taken. */
function patternsOfOtherShape(
  parameters: readonly Parameter[],
  rules: Rules,
  tensors: ReadonlyMap<string, Tensor>,
  prefix: string,
): string[] {
  const shapes = new Map<string, string>();
  for (const [from, { shape }] of tensors) {
    if (fitsAny(from, rules.skip) || aliasOf(from, rules.alias) !== undefined) continue;
    shapes.set(nameInModel(from, rules, prefix), shape.join());
  }
  return rules.ifShape.filter((pattern) =>
    parameters.some(({ name, shape }) => {
      const found = shapes.get(name);
      if (found === undefined || found === shape.join() || !name.startsWith(prefix)) return false;
      return fitsAny(name.slice(prefix.length), [pattern]);
    }),
  );
}

function sameValues(a: Tensor, b: Tensor): boolean {
  if (a.shape.join() !== b.shape.join()) return false;
  const [x, y] = [toFloat32(a), toFloat32(b)];
  return x.every((v, i) => Object.is(v, y[i]));
}
