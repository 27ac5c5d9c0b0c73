import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../errors.ts';
import { writeFileAtomic } from '../../tensors/atomic-file.ts';
import { removeTemporary } from '../../tensors/output-path.ts';
import { type Dataset, expectedOf } from '../dataset.ts';
import { caseDigest, dataDigest, type Plan } from '../planning/plan.ts';
import { preprocessingDigest, readPlan, requirePlanFits, writePlan } from '../planning/plan-file.ts';
import { preprocessCase } from '../planning/preprocess.ts';
import { readRecord, writeCase } from './case-file.ts';

/** Files of a cache: the plan that it was made by, its cases, and, written last, which cases there are. */
export const PLAN = 'plan.json';
export const INDEX = 'cache.json';
const CASES = 'cases';
const ENDING = '.safetensors';

/** The file of a case below a cache's folder. */
export const caseFile = (id: string) => `${CASES}/${id}${ENDING}`;

/** What `cache.json` holds. */
export interface CacheIndex {
  readonly version: 1;
  readonly preprocessing: string;
  readonly cases: readonly {
    readonly id: string;
    readonly inputs: string;
    readonly shape: readonly [number, number, number];
  }[];
}

/** What was done, by cases. */
export interface PreprocessingReport {
  /** Not there before. */
  readonly written: readonly string[];
  /** Written anew, as their files have changed or what was there was damaged. */
  readonly renewed: readonly string[];
  /** There already. */
  readonly kept: readonly string[];
  /** Removed, as the data set has them no more. */
  readonly removed: readonly string[];
  /** Of the data set as it is; see dataDigest. */
  readonly data: string;
}

/** The plan of the cache in a folder; `undefined` where there is none. Throws InputError `bad-plan`. */
export function cachePlan(folder: string): Plan | undefined {
  const path = join(folder, PLAN);
  return existsSync(path) ? readPlan(path) : undefined;
}

/**
 * Preprocesses the training cases of a data set into a folder, one at a time. Each case is a file of its own, written
 * whole or not at all, that tells what it was made of: what is there already is kept, so an interrupted run goes on where
 * it stopped, and cases whose files have changed since are made again.
 *
 * @param onCase called after each case
 * @throws InputError `plan-mismatch` where the plan is for other channels or classes, `cache-mismatch` where the folder
 *   holds cases preprocessed by another plan, `cannot-write`, and as preprocessCase; JobError `write-failed`
 */
export function preprocessDataset(
  dataset: Dataset,
  plan: Plan,
  folder: string,
  onCase: (done: number, total: number, id: string) => void = () => {},
): PreprocessingReport {
  requirePlanFits(plan, dataset);
  const preprocessing = preprocessingDigest(plan);
  const before = cachePlan(folder);
  if (before && preprocessingDigest(before) !== preprocessing) {
    throw new InputError(
      'cache-mismatch',
      `${folder}: holds cases preprocessed by another plan, ${join(folder, PLAN)}`,
      'name another folder, or remove this one',
    );
  }
  writePlan(join(folder, PLAN), plan);
  const report = { written: [] as string[], renewed: [] as string[], kept: [] as string[] };
  const cases: CacheIndex['cases'][number][] = [];
  for (const files of dataset.training) {
    const { id } = files;
    const path = join(folder, caseFile(id));
    const inputs = caseDigest(files);
    const there = readRecord(path);
    if (there?.id === id && there.inputs === inputs && there.preprocessing === preprocessing) {
      report.kept.push(id);
      cases.push({ id, inputs, shape: there.shape });
    } else {
      (existsSync(path) ? report.renewed : report.written).push(id);
      const found = preprocessCase(files, expectedOf(dataset), plan);
      writeCase(path, found, { inputs, preprocessing }, dataset);
      cases.push({ id, inputs, shape: found.shape });
    }
    onCase(cases.length, dataset.training.length, id);
  }
  removeTemporary(join(folder, CASES));
  const removed = removeOthers(folder, new Set(dataset.training.map(({ id }) => id)));
  const index: CacheIndex = { version: 1, preprocessing, cases };
  writeFileAtomic(join(folder, INDEX), `${JSON.stringify(index, null, 1)}\n`);
  return { ...report, removed, data: dataDigest(cases) };
}

/** Removes the files of cases that are not among those given. */
function removeOthers(folder: string, ids: ReadonlySet<string>): string[] {
  const removed: string[] = [];
  for (const name of readdirSync(join(folder, CASES)).sort()) {
    const path = join(folder, CASES, name);
    const id = name.slice(0, -ENDING.length);
    if (!name.endsWith(ENDING) || ids.has(id) || readRecord(path)?.id !== id) continue;
    rmSync(path);
    removed.push(id);
  }
  return removed;
}
