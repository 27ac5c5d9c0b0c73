import type { Shape } from '../ir/graph.ts';
import {
  type ElaboratedModel,
  type PretrainedSection,
  type RenameRule,
  type StoredTensor,
  storedTensors,
} from '../language/model.ts';
import { fitsAny, renamed } from '../language/name-patterns.ts';
import { nearest } from '../language/suggest.ts';
import { type Tensor, toFloat32 } from '../tensors/tensor.ts';
import { mayBeMissing, typeProblem } from './weights.ts';

/**
 * What became of a tensor of the file, or of a parameter or buffer of the model: `loaded`; `skipped` by a rule; `alias`, a
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
  /** The parameter or buffer; `` where a tensor of the file belongs to none. */
  readonly parameter: string;
  /** The tensor in the file; `` where a parameter gets none. */
  readonly from: string;
  readonly status: PretrainedStatus;
  /** For people, e.g. both shapes. */
  readonly detail: string;
}

/** What a file's tensors are to a model. */
export interface PretrainedMatch {
  /** Whose rules were applied; `undefined` where the names are the model's own. */
  readonly section: PretrainedSection | undefined;
  /** In the order of the file, then of the parameters that it lacks. */
  readonly rows: readonly PretrainedRow[];
}

type Rules = Pick<PretrainedSection, 'into' | 'rename' | 'skip' | 'alias' | 'fresh' | 'ifShape'>;

/** Without a section every name and shape is the model's own. */
const ownNames: Rules = { into: '', rename: [], skip: [], alias: [], fresh: [], ifShape: [] };

/**
 * Matches a file with a model by the rules of one section or, where none is named, by those that leave the fewest
 * rows of another status than `accepted`: the model's own names, or the first such section.
 */
export function matchPretrained(
  model: Pick<ElaboratedModel, 'parameters' | 'buffers' | 'pretrained'>,
  tensors: ReadonlyMap<string, Tensor>,
  accepted: readonly PretrainedStatus[],
  section?: PretrainedSection,
): PretrainedMatch {
  const candidates = section ? [section] : [undefined, ...model.pretrained];
  const stored = storedTensors(model);
  let best: PretrainedMatch | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const rows = applyRules(stored, candidate ?? ownNames, tensors);
    const problems = rows.filter(({ status }) => !accepted.includes(status)).length;
    if (problems < fewest) {
      fewest = problems;
      best = { section: candidate, rows };
    }
    if (fewest === 0) break;
  }
  return best!;
}

/** What to say of a name that fits nothing: what the rules make of it, and the nearest of those left over. */
export function nearMiss(
  { section, rows }: PretrainedMatch,
  { status, parameter, from }: PretrainedRow,
): string {
  const rules = section ?? ownNames;
  if (status === 'missing') {
    const unexpected = rows.filter((r) => r.status === 'unexpected').map((r) => r.from);
    const near = nearest(parameter.slice(prefixOf(rules).length), unexpected);
    return near ? `the file has ${near}` : '';
  }
  const name = nameInModel(from, rules);
  const missing = rows.filter((r) => r.status === 'missing').map((r) => r.parameter);
  const near = nearest(name, missing);
  const parts = [name === from ? '' : `would be ${name}`, near ? `the model has ${near}` : ''];
  return parts.filter((part) => part !== '').join('; ');
}

const shapeText = (shape: Shape) => `[${shape.join(', ')}]`;

/** Applies rules to a file's tensors. */
function applyRules(
  parameters: readonly StoredTensor[],
  rules: Rules,
  tensors: ReadonlyMap<string, Tensor>,
): PretrainedRow[] {
  const prefix = prefixOf(rules);
  const wanted = new Map(parameters.map((p) => [p.name, p]));
  const left = new Set(wanted.keys());
  const otherShapes = patternsOfOtherShape(parameters, rules, tensors);
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
    const name = nameInModel(from, rules);
    const parameter = wanted.get(name);
    if (!parameter) {
      row('', from, 'unexpected');
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
    else {
      const problem = typeProblem(parameter, tensor);
      if (problem === undefined) row(name, from, 'loaded');
      else row(name, from, 'mismatch', problem);
    }
  }
  for (const name of left) {
    const local = name.slice(prefix.length);
    const free = mayBeMissing(wanted.get(name)!) || fitsAny(local, rules.fresh);
    if (!name.startsWith(prefix) || free) row(name, '', 'new');
    else row(name, '', 'missing');
  }
  return rows;
}

const prefixOf = ({ into }: Rules) => (into === '' ? '' : `${into}.`);

function nameInModel(from: string, rules: Rules): string {
  const prefix = prefixOf(rules);
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
  parameters: readonly StoredTensor[],
  rules: Rules,
  tensors: ReadonlyMap<string, Tensor>,
): string[] {
  const prefix = prefixOf(rules);
  const shapes = new Map<string, string>();
  for (const [from, { shape }] of tensors) {
    if (fitsAny(from, rules.skip) || aliasOf(from, rules.alias) !== undefined) continue;
    shapes.set(nameInModel(from, rules), shape.join());
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
