import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { archc } from '../cli/archc.ts';
import { writeTinyPlan } from '../cli/tiny.ts';
import { blocksOf, rowsOf, type Task } from './examples.ts';
import { SPACING, writeTinyTask } from './tiny-data.ts';

/** Where a task's data set lies and what is made of it. */
export interface Work {
  readonly task: Task;
  readonly data: string;
  readonly work: string;
}

/** VMamba's checkpoint at the size of the reduced networks. */
const VMAMBA = 'tests/fixtures/checkpoints/vmamba-zip.pth';

/** What makes each network train in a second; the encoders are those of {@link VMAMBA}. */
const small: Readonly<Record<string, readonly string[]>> = {
  NNUNet: ['features=<4, 8, 8>'],
  SegResNet: ['init_filters=8', 'blocks_down=<1, 1>', 'blocks_up=<1>'],
  UNETR: ['feature_size=4', 'hidden_size=16', 'mlp_dim=32', 'num_heads=4'],
  SwinUNETR: ['feature_size=12', 'depths=<1, 1, 1, 1>', 'num_heads=<1, 2, 3, 4>'],
  NNFormer: ['embed_dim=8', 'depths=<1, 1, 1, 1>', 'num_heads=<1, 2, 4, 8>', 'windows=<4, 4, 2, 1>'],
  UMambaBot: ['features=<4, 8, 8>'],
  UMambaEnc: ['features=<4, 8, 8>'],
  SwinUMambaD: ['dims=<8, 16, 32, 64>', 'depths=<1, 1, 2, 1>', 'd_state=4'],
  SwinUMamba: ['dims=<4, 8, 16, 32, 64>', 'depths=<1, 1, 2, 1>', 'd_state=4'],
};

/** A tiny data set of a task, in the layout of its README. */
export function tinyWork(task: Task, folder: string): Work {
  const data = join(folder, 'data');
  writeTinyTask(task, data);
  return { task, data, work: join(folder, 'work') };
}

/**
 * The commands of the README's shell blocks, as a shell expands them: of `archc` and of what else reads its files.
 *
 * @param folder for programs that note how they are called, in the place of those that are called
 */
export function commandsOf({ task, data, work }: Work, folder: string): string[][] {
  const calls = join(folder, 'calls');
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  for (const program of ['npx', 'awk']) {
    const path = join(bin, program);
    writeFileSync(path, `#!/bin/sh\n{ printf '%s\\037' ${program} "$@"; printf '\\036'; } >> "${calls}"\n`);
    chmodSync(path, 0o755);
  }
  let script = blocksOf(task, 'sh');
  for (const [name, value] of Object.entries({ data, vmamba: VMAMBA, work })) {
    const changed = script.replace(new RegExp(`^${name}=\\S+`, 'm'), `${name}='${value}'`);
    expect(changed, `the README sets ${name}`).not.toBe(script);
    script = changed;
  }
  const env = { ...process.env, PATH: `${bin}:${process.env['PATH']}` };
  const { status, stderr } = spawnSync('bash', ['-eu', '-c', script], { env, encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  return readFileSync(calls, 'utf8')
    .split('\x1e')
    .filter((call) => call !== '')
    .map((call) => call.split('\x1f').slice(0, -1));
}

/** Those of the commands that are about no run, or about some of these alone. */
export function ofRuns({ task, work }: Work, commands: readonly string[][], runs: readonly string[]) {
  const all = [...rowsOf(task).map(({ name }) => name), 'fold-0'];
  const others = all.filter((name) => !runs.includes(name)).map((name) => join(work, name));
  const about = (word: string) => others.includes(word.replace(/-test$|\.csv$|\.md$/, ''));
  return commands.filter((words) => !words.some(about));
}

/**
 * Runs a command on a small network for two steps, and gives what it printed. A plan is made up unless all tests run: to
 * compute one, 10^8 samples of each channel are drawn.
 */
export async function runSmall(words: readonly string[], { task, data }: Work): Promise<string> {
  const [program, ...args] = words;
  if (program !== 'npx') {
    const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
    expect(status, stderr).toBe(0);
    return stdout;
  }
  expect(args[0]).toBe('archc');
  if (args[1] === 'data' && args[2] === 'plan' && process.env['ARCHC_FULL'] !== '1') {
    const geometry = task === 'abdomen-mri' ? ([[3, 42, 44], SPACING] as const) : [];
    writeTinyPlan(args[args.indexOf('--output') + 1], data, ...geometry);
    return '';
  }
  const { code, stdout, stderr } = await archc(...args.slice(1), ...reduced(args.slice(1)));
  expect(code, `${words.join(' ')}\n${stderr}`).toBe(0);
  expect(stderr).not.toMatch(/warning/i);
  return stdout;
}

/** What is added to a command. */
function reduced(words: readonly string[]): string[] {
  const [command, spec] = words;
  const cpu = ['--backend', 'cpu'];
  if (command === 'predict') return cpu;
  if (command !== 'train') return [];
  const network = /:([A-Za-z]+)_/.exec(spec)?.[1] ?? 'SwinUMamba';
  const settings = [
    ...small[network],
    network === 'SwinUNETR' ? 'size=<64, 32>' : 'size=<32, 32>',
    'train.batch=2',
    ...(words.includes('--pretrained') ? ['train.freeze_steps=1'] : []),
    ...(words.some((word) => word.startsWith('train.validate=')) ? [] : ['train.validate=1']),
  ];
  return [...settings.flatMap((setting) => ['--set', setting]), '--steps', '2', ...cpu];
}
