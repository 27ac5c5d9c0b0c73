import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Row, Study } from './studies.ts';

/** What `--json` of `archc evaluate` gives, as far as it is reported. */
export interface Scores {
  readonly summary: Readonly<
    Record<
      string,
      Readonly<Record<string, { readonly mean: number; readonly deviation: number; readonly n: number }>>
    >
  >;
  readonly mean: Readonly<Record<string, number>>;
}

/** What a run's folder says of itself. */
export interface RunFacts {
  readonly folder: string;
  readonly steps: number;
  readonly seconds: number;
  readonly seed: number;
  readonly adapter: string;
  readonly node: string;
  /** The best validation, where there was one. */
  readonly best?: { readonly step: number; readonly score: number };
}

export interface RowResult {
  readonly row: Row;
  readonly runs: readonly RunFacts[];
  /** The commands, as one would type them. */
  readonly commands: readonly string[];
  readonly scores: Scores;
  /** Tables by case, as `archc evaluate --markdown` writes them. */
  readonly tables: string;
}

/**
 * Trains what is not trained yet, predicts the test cases and judges them.
 *
 * @param output where all of it goes, in a folder of the study's name
 */
export function resultsOf(study: Study, output: string): RowResult[] {
  const folder = join(output, study.name);
  mkdirSync(folder, { recursive: true });
  const first: string[] = [];
  const data = study.preprocess ? join(folder, 'preprocessed') : study.data;
  if (study.preprocess) archc(first, 'data', 'preprocess', study.data, '--output', data);
  return study.rows.map((row) => resultOf(study, row, folder, data, first));
}

function resultOf(
  study: Study,
  row: Row,
  folder: string,
  data: string,
  before: readonly string[],
): RowResult {
  const commands = [...before];
  const runs = (row.folds ?? [undefined]).map((fold) => {
    const run = join(folder, fold === undefined ? row.name : `${row.name}-fold-${fold}`);
    const holdout = fold === undefined ? [] : ['--set', `train.holdout=fold(${fold})`];
    const resume = existsSync(join(run, 'run.json')) ? ['--resume'] : [];
    const section = row.section === undefined ? [] : ['--section', row.section];
    const options = [...section, ...holdout, ...(row.train ?? []), '--output', run, ...resume];
    archc(commands, 'train', row.spec, '--data', data, ...options);
    return run;
  });
  const { images, labels } = testCases(study, folder);
  const predictions = join(folder, `${row.name}-predictions`);
  rmSync(predictions, { recursive: true, force: true });
  const options = ['--best', ...(row.predict ?? [])];
  archc(commands, 'predict', ...runs, ...options, '--input', images, '--output', predictions);
  const tables = join(folder, `${row.name}.md`);
  const output = archc(
    commands,
    ...['evaluate', '--predictions', predictions, '--truth', labels, '--data', study.data],
    ...[...study.evaluate, '--markdown', tables, '--json'],
  );
  return {
    row,
    runs: runs.map(factsOf),
    commands,
    scores: JSON.parse(output) as Scores,
    tables: readFileSync(tables, 'utf8'),
  };
}

/** The folders of test images and labels, of the study's cases alone. */
function testCases(study: Study, folder: string): { readonly images: string; readonly labels: string } {
  const of = (name: string) => join(study.data, name);
  if (study.cases === undefined) return { images: of('imagesTs'), labels: of('labelsTs') };
  const copied = (name: string) => {
    const to = join(folder, name);
    mkdirSync(to, { recursive: true });
    for (const file of readdirSync(of(name)).filter((known) => known.startsWith(study.cases!)))
      copyFileSync(join(of(name), file), join(to, file));
    return to;
  };
  return { images: copied('imagesTs'), labels: copied('labelsTs') };
}

/** Runs a command of archc, shows how it goes on, and returns what it prints; notes it as one would type it. */
function archc(commands: string[], ...args: readonly string[]): string {
  const typed = `npx archc ${args.map(quoted).join(' ')}`;
  commands.push(typed.replace(' --resume', '').replace(' --json', ''));
  console.error(`\n$ ${typed}`);
  const { status, stdout } = spawnSync(process.execPath, ['bin/archc.mjs', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`${typed} ended with ${status}`);
  return stdout;
}

const quoted = (arg: string) => (/^[\w./:=,†-]+$/.test(arg) ? arg : `'${arg}'`);

function factsOf(folder: string): RunFacts {
  const json = (name: string) =>
    JSON.parse(readFileSync(join(folder, name), 'utf8')) as Record<string, unknown>;
  const { steps, seconds, seed, adapter, node } = json('run.json');
  const { validation } = json('metrics.json') as { validation?: { best?: RunFacts['best'] } };
  return {
    ...{ folder, steps: Number(steps), seconds: Number(seconds), seed: Number(seed) },
    ...{ adapter: String(adapter), node: String(node) },
    ...(validation?.best && { best: validation.best }),
  };
}
