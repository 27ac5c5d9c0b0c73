import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MersenneTwister } from '../data/planning/mersenne-twister.ts';
import { InputError } from '../errors.ts';
import { starsOf } from '../language/name-patterns.ts';
import type { FoldSpec } from '../recipe/holdouts.ts';
import { readBytes } from '../tensors/read-file.ts';

/** nnU-Net's seed of its five folds. */
const SEED = 12345;

/**
 * The ids that a fold of a cross-validation holds back.
 *
 * @param ids all of them
 * @param folder of the data set
 * @throws InputError `bad-holdout` where there is no such fold; `file-not-found` and others for a file of folds
 */
export function foldOf(ids: readonly string[], spec: FoldSpec, folder: string): Set<string> {
  if (spec.from !== undefined) return givenFold(ids, spec, join(folder, spec.from));
  const groups = new Map<string, string[]>();
  for (const id of ids.toSorted()) {
    const key = groupOf(id, spec.group);
    groups.set(key, [...(groups.get(key) ?? []), id]);
  }
  const keys = [...groups.keys()];
  const { index, of } = spec;
  if (index >= of) throw noFold(index, `fold(…, of: ${of})`, of);
  if (keys.length < of) {
    const what = spec.group === undefined ? 'cases' : `groups by ${JSON.stringify(spec.group)}`;
    throw new InputError(
      'bad-holdout',
      `\`holdout\` asks for ${of} folds of ${keys.length} ${what}`,
      `fold(…, of: ${Math.max(2, keys.length)}), or a share: holdout = 0.2`,
    );
  }
  return new Set(partsOf(keys.length, of)[index].flatMap((i) => groups.get(keys[i])!));
}

/** Without a pattern, and where it does not fit, a case is a group by itself. */
function groupOf(id: string, pattern: string | undefined): string {
  if (pattern === undefined) return id;
  const stars = starsOf(id, pattern);
  return stars === undefined ? `case ${id}` : `group ${JSON.stringify(stars)}`;
}

/** The parts of `count` items, as scikit-learn's `KFold(parts, shuffle=True, random_state=12345)`. */
export function partsOf(count: number, parts: number): number[][] {
  const order = Array.from({ length: count }, (_, i) => i);
  // NumPy's legacy shuffle: from the last item down, each swaps places with one that is not behind it.
  const twister = new MersenneTwister(SEED);
  const drawn = new Int32Array(1);
  for (let i = count - 1; i > 0; i--) {
    twister.fill(drawn, i);
    [order[i], order[drawn[0]]] = [order[drawn[0]], order[i]];
  }
  const [size, larger] = [Math.floor(count / parts), count % parts];
  return Array.from({ length: parts }, (_, k) => {
    const start = k * size + Math.min(k, larger);
    return order.slice(start, start + size + (k < larger ? 1 : 0)).sort((a, b) => a - b);
  });
}

interface Split {
  readonly train: readonly string[];
  readonly val: readonly string[];
}

function givenFold(ids: readonly string[], { index }: FoldSpec, path: string): Set<string> {
  if (!existsSync(path)) {
    throw new InputError(
      'file-not-found',
      `${path}: no such file; \`holdout\` takes its folds from it`,
      "check the path, which is relative to the data set; without `from` the folds are nnU-Net's own",
    );
  }
  const splits = splitsIn(path);
  if (index >= splits.length) throw noFold(index, path, splits.length);
  const { train, val } = splits[index];
  const named = new Set([...train, ...val]);
  const unknown = [...named].filter((id) => !ids.includes(id));
  const missing = ids.filter((id) => !named.has(id));
  const twice = val.filter((id) => train.includes(id));
  for (const [cases, problem] of [
    [unknown, 'which are no training cases'],
    [missing, 'are in neither part'],
    [twice, 'are in both parts'],
  ] as const) {
    if (cases.length === 0) continue;
    const shown = `${cases.slice(0, 8).join(', ')}${cases.length > 8 ? ', …' : ''}`;
    const names = problem.startsWith('which') ? 'names' : 'of the training cases';
    throw new InputError(
      'bad-holdout',
      `${path}: fold ${index} ${names} ${shown}, ${problem}`,
      'a file made for this data set, or folds without `from`',
    );
  }
  return new Set(val);
}

function splitsIn(path: string): readonly Split[] {
  const bytes = readBytes(path, 'folds as nnU-Net writes them (splits_final.json)');
  try {
    const json = JSON.parse(new TextDecoder().decode(bytes)) as unknown;
    const listed = (ids: unknown) => Array.isArray(ids) && ids.every((id) => typeof id === 'string');
    const isSplit = (s: unknown) => {
      const { train, val } = (s ?? {}) as Partial<Split>;
      return listed(train) && listed(val);
    };
    if (Array.isArray(json) && json.length > 0 && json.every(isSplit)) return json as Split[];
  } catch {
    // Falls through to the error below.
  }
  throw new InputError(
    'bad-holdout',
    `${path}: is no list of folds`,
    'expected is [{"train": ["case_1", …], "val": ["case_2", …]}, …]',
  );
}

const noFold = (index: number, where: string, count: number) =>
  new InputError(
    'bad-holdout',
    `\`holdout\` asks for fold ${index} of ${where}, which has ${count}`,
    `folds are counted from 0: 0 to ${count - 1}`,
  );
