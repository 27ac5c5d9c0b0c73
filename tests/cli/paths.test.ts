import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { archc, expectError, json, temporaryFolder, tree } from './archc.ts';
import { TINY, writeDataset, writeInputs, writeTinyPlan, writeWeights } from './tiny.ts';

const folder = temporaryFolder();
const inFolder = (name: string) => join(folder, name);
const weights = writeWeights(inFolder('weights.safetensors'));
const inputs = writeInputs(inFolder('inputs.safetensors'));
const data = writeDataset(inFolder('data'));
writeFileSync(inFolder('file'), 'kept');
symlinkSync(inFolder('nothing'), inFolder('dangling'));
symlinkSync(inFolder('loop'), inFolder('loop'));
execFileSync('mkfifo', [inFolder('pipe')]);
const linux = process.platform === 'linux';

const feed = ['--backend', 'reference', '--weights', weights, '--input'];
const files: Readonly<Record<string, readonly string[]>> = {
  run: ['run', TINY, ...feed, inputs],
  grad: ['grad', TINY, ...feed, inputs],
  fit: ['fit', TINY, ...feed, inputs, '--steps', '1'],
  emit: ['emit', 'graph', TINY],
  'emit svg': ['emit', 'graph', TINY, '--format', 'svg'],
  'data plan': ['data', 'plan', data],
};
const judged = join(data, 'labelsTs');
const evaluate = ['evaluate', '--predictions', judged, '--truth', judged];
const folders: Readonly<Record<string, readonly string[]>> = {
  compile: ['compile', TINY],
  predict: ['predict', TINY, ...feed, join(data, 'imagesTs')],
  train: ['train', TINY, '--data', data, '--steps', '1'],
  'data preprocess': ['data', 'preprocess', data, '--plan', writeTinyPlan(inFolder('plan.json'), data)],
};
const writers = { ...files, ...folders };

/** Where nothing can be written, and what is said. */
const nowhere: readonly [string, RegExp][] = [
  ['', /"": cannot be written, the name is empty/],
  [' ', /the name is empty/],
  ['a\0b', /"a\\u0000b": .* NUL/],
  [inFolder('x'.repeat(300)), /a name of 300 bytes is longer than 255/],
  [inFolder(`new/${'é'.repeat(200)}/x`), /a name of 400 bytes is longer than 255/],
  [inFolder('file/x'), /file is a file, not a folder/],
  [inFolder('file/x/y'), /file is a file, not a folder/],
  [inFolder('dangling'), /dangling is a link to nothing/],
  [inFolder('dangling/x'), /dangling is a link to nothing/],
  [inFolder('loop'), /cannot be written/],
  [inFolder('pipe'), /it is a (device or a pipe|file)/],
  ...((linux
    ? [
        ['/proc/xx', /\/proc takes nothing new \(E\w+\)|no permission/],
        ['/proc/xx/y', /\/proc takes nothing new \(E\w+\)|no permission/],
        ['/sys/xx', /\/sys takes nothing new \(E\w+\)|no permission/],
        ['/dev/null', /it is a (device or a pipe|file)/],
        ['/dev/full', /it is a (device or a pipe|file)/],
        ['/dev/null/x', /\/dev\/null is a file, not a folder/],
      ]
    : []) as [string, RegExp][]),
];

let before: string[];
beforeEach(() => {
  before = list();
});
/** All that is in the folder, and in the one that commands run in by default. */
const list = () => [...tree2(folder), ...tree2('runs')];
function tree2(path: string): string[] {
  if (!existsSync(path)) return [];
  return execFileSync('find', [path], { encoding: 'utf8' }).split('\n').sort();
}

describe.each(Object.entries(writers))('%s', (name, args) => {
  test.each(nowhere)(
    '--output %j is refused before any work, and nothing remains',
    async (output, message) => {
      expectError(await archc(...args, '--output', output), 'cannot-write', message);
      expect(list()).toEqual(before);
      expect(readFileSync(inFolder('file'), 'utf8')).toBe('kept');
    },
  );

  test('what stands in the place of a file or folder', async () => {
    const wrong = name in files ? data : inFolder('file');
    const result = await archc(...args, '--output', wrong);
    expectError(result, 'cannot-write', name in files ? /it is a folder/ : /it is a file/);
    expect(list()).toEqual(before);
  });
});

test('devices are devices still', () => {
  if (!linux) return;
  for (const path of ['/dev/null', '/dev/full']) expect(statSync(path).isCharacterDevice()).toBe(true);
});

test('a link to a file stays a link, and what it points to is replaced', async () => {
  mkdirSync(inFolder('elsewhere'));
  writeFileSync(inFolder('elsewhere/graph.txt'), 'old');
  symlinkSync(inFolder('elsewhere/graph.txt'), inFolder('link'));
  expect((await archc('emit', 'graph', TINY, '--output', inFolder('link'))).code).toBe(0);
  expect(readFileSync(inFolder('elsewhere/graph.txt'), 'utf8')).toMatch(/^graph|%|=/m);
  expect(readFileSync(inFolder('link'), 'utf8')).not.toBe('old');
  expect(tree(inFolder('elsewhere'))).toEqual(['graph.txt']);
});

test('a name of the longest kind is written', async () => {
  const path = inFolder('n'.repeat(255));
  expect((await archc('emit', 'graph', TINY, '--output', path)).code).toBe(0);
  expect(statSync(path).size).toBeGreaterThan(0);
});

describe('a full disk', () => {
  const mount = join(folder, 'small');
  mkdirSync(mount);
  const mounted = linux && spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', mount]).status === 0;
  // Full to the last block; names cost none there.
  if (mounted) writeFileSync(join(mount, 'full'), new Uint8Array(4096));
  afterAll(() => {
    if (mounted) spawnSync('umount', [mount]);
  });

  test
    .runIf(mounted)
    .each(Object.entries(writers).filter(([name]) => !['train', 'data plan'].includes(name)))(
    'ends %s with a message that names the file, and with nothing half written',
    async (name, args) => {
      const output = join(mount, name.replace(' ', '-'));
      const result = await archc(...args, '--output', output);
      expectError(result, 'disk-full', /no room is left \(ENOSPC\)/, /free some space/);
      expect(result.stderr).toContain(`error[disk-full]: ${output}`);
      expect(tree(mount)).toEqual(['full']);
    },
  );

  test.runIf(mounted).each(['--csv', '--markdown'])('ends evaluate %s so, too', async (option) => {
    const result = await archc(...evaluate, option, join(mount, 'scores'));
    expectError({ ...result, stdout: '' }, 'disk-full', `${join(mount, 'scores')}: cannot be written`);
    expect(tree(mount)).toEqual(['full']);
  });
});

describe('a file system that is read only', () => {
  const mount = join(folder, 'read-only');
  cpSync(data, mount, { recursive: true });
  const bind = () => {
    const steps = [
      ['--bind', mount, mount],
      ['-o', 'remount,bind,ro', mount],
    ];
    return steps.every((args) => spawnSync('mount', args).status === 0);
  };
  // Root may write wherever permissions alone forbid it.
  const user = process.getuid?.() !== 0;
  const mounted = linux && !user && bind();
  if (user) chmodSync(mount, 0o555);
  afterAll(() => {
    if (mounted) spawnSync('umount', [mount]);
    else chmodSync(mount, 0o755);
  });

  test.runIf(user || mounted).each(Object.entries(writers))(
    'is refused by %s before any work',
    async (_, args) => {
      const output = join(mount, 'new');
      const result = await archc(...args, '--output', output);
      expectError(result, 'cannot-write', /takes nothing new \(EROFS\)|no permission to write/);
      expect(result.stderr).toContain(`${output}: cannot be written`);
    },
  );

  test.runIf(user || mounted)('is read like any other', async () => {
    const args = ['--steps', '1', '--backend', 'cpu', '--output', inFolder('from-read-only')];
    const result = await archc('train', TINY, '--data', mount, ...args);
    expect(result.code, result.stderr).toBe(0);
    rmSync(inFolder('from-read-only'), { recursive: true });
  });
});

describe('inputs that are no files', () => {
  const readers: Readonly<Record<string, readonly [(path: string) => string[], ...string[]]>> = {
    spec: [(path) => ['check', path]],
    '--weights': [(path) => ['run', TINY, '--weights', path, '--input', inputs, '--output', inFolder('o')]],
    '--input of run': [
      (path) => ['run', TINY, '--weights', weights, '--input', path, '--output', inFolder('o')],
    ],
    '--input of predict': [
      (path) => ['predict', TINY, '--weights', weights, '--input', path, '--output', inFolder('o')],
    ],
    '--data': [(path) => ['train', TINY, '--data', path, '--output', inFolder('o')]],
    '--truth': [(path) => ['evaluate', '--predictions', data, '--truth', path]],
  };
  const sources = [inFolder('pipe'), inFolder('dangling'), inFolder('loop'), '', 'x'.repeat(300), 'a\0b'];
  if (linux) sources.push('/dev/zero', '/dev/null', '/proc/self/mem', '/proc/self/maps');
  test.each(Object.entries(readers))('%s: each is refused at once', async (_name, [args]) => {
    for (const path of sources) {
      const result = await archc(...args(path));
      expect(result.code, `${path}: ${result.stderr}`).toBe(2);
      expect(result.stderr, path).toMatch(/error\[[\w-]+\]: /);
    }
    expect(list()).toEqual(before);
  });

  test('a spec, or a file that it imports, of 100 MB is not read', async () => {
    const big = inFolder('big.arch');
    writeFileSync(big, '');
    truncateSync(big, 100_000_000);
    expectError(await archc('check', big), 'file-too-large', /100000000 bytes; a spec may have 16777216/);
    const entry = inFolder('entry.arch');
    writeFileSync(entry, 'import { A } from "./big.arch"\n');
    expectError(await archc('check', entry), 'file-too-large', /big\.arch/);
  });
});

test('output that nobody takes is told as a full disk is', () => {
  if (!linux) return;
  const run = (args: string) =>
    spawnSync('sh', ['-c', `"${process.execPath}" bin/archc.mjs ${args} > /dev/full`], { encoding: 'utf8' });
  for (const args of ['params vmamba', 'emit graph vmamba']) {
    const { status, stderr } = run(args);
    expect(stderr).toMatch(/error\[disk-full\]: stdout: cannot be written, no room is left \(ENOSPC\)/);
    expect(status).toBe(2);
  }
});

test('specs that would never end, or fill the memory, are stopped at the line', async () => {
  const bodies: Readonly<Record<string, string>> = {
    'a loop of 10^9': 'for i in 0..1000000000 { let a = i }',
    'a range of 10^9': 'let a = [i for i in 0..1000000000]',
    'loops in loops': 'for i in 0..100000 { for j in 0..100000 { let a = i } }',
    'a list that doubles': `let a0 = [1, 2]\n${Array.from({ length: 60 }, (_, i) => `  let a${i + 1} = a${i} + a${i}`).join('\n')}`,
    'deep brackets': `let a = ${'('.repeat(20000)}1${')'.repeat(20000)}`,
    'deep lists': `let a = ${'['.repeat(20000)}1${']'.repeat(20000)}`,
    'a long sum': `let a = ${Array<string>(200_000).fill('1').join(' + ')}`,
  };
  const path = inFolder('bomb.arch');
  for (const [name, body] of Object.entries(bodies)) {
    writeFileSync(
      path,
      `model M() {\n  ${body}\n  input x: [B, 3]\n  forward { y = x }\n  output o: [B, 3] = y\n}\n`,
    );
    const result = await archc('check', path, '--json');
    expect(result.code, `${name}: ${result.stderr}`).toBe(2);
    const { diagnostics } = json(result) as { diagnostics: { span: { line: number } }[] };
    expect(diagnostics.length, name).toBeGreaterThan(0);
    expect(diagnostics[0].span.line, name).toBeGreaterThan(1);
  }
});
