import { execFile } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { archc as fromSources, type Result, temporaryFolder } from './archc.ts';
import { TINY, writeDataset } from './tiny.ts';

/** A checkout of its own, whose sources may be changed. */
const checkout = join(temporaryFolder(), 'checkout');
for (const part of ['bin', 'src', 'grammar', 'codegen', 'specs', 'package.json']) {
  cpSync(part, join(checkout, part), { recursive: true });
}
symlinkSync(resolve('node_modules'), join(checkout, 'node_modules'));

function archc(
  args: readonly string[],
  env: Record<string, string> = {},
  node: readonly string[] = [],
): Promise<Result> {
  const options = { env: { ...process.env, ...env }, maxBuffer: 2 ** 24 };
  const all = [...node, join(checkout, 'bin/archc.mjs'), ...args];
  return new Promise((done) => {
    execFile(process.execPath, all, options, (error, stdout, stderr) =>
      done({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

const builds = () => readdirSync(join(checkout, 'dist')).sort();

function edit(file: string, from: string, to: string): void {
  const path = join(checkout, file);
  const text = readFileSync(path, 'utf8');
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
}

test('processes that start at once make one build, and all run from it', async () => {
  const results = await Promise.all(Array.from({ length: 3 }, () => archc(['check', 'nnunet'])));
  for (const result of results) {
    expect(result).toEqual({ code: 0, stdout: 'nnunet: no mistakes\n', stderr: '' });
  }
  expect(builds()).toEqual([expect.stringMatching(/^sources-[0-9a-f]{16}$/)]);
});

test('a build is used until a source changes', async () => {
  const [first] = builds();
  await archc(['--version']);
  expect(builds()).toEqual([first]);
  edit('package.json', '"version": "', '"version": "7.');
  expect((await archc(['--version'])).stdout).toMatch(/^7\.\d+\.\d+\.\d+\n$/);
  // The earlier one stays for whoever still runs from it.
  expect(builds()).toHaveLength(2);
  expect(builds()).toContain(first);
});

test('from spec to kernels no function is made of text, and they are those that the sources make', async () => {
  const args = ['emit', 'wgsl', resolve('tests/golden/tiny.arch'), '--train', '--batch', '2'];
  const built = await archc(args, {}, ['--disallow-code-generation-from-strings']);
  expect(built.stderr).toBe('');
  expect(built.stdout).toBe((await fromSources(...args)).stdout);
});

test('nor in training, whose page is the one that the sources make', async () => {
  const folder = temporaryFolder();
  const data = writeDataset(join(folder, 'data'));
  const args = ['train', resolve(TINY), '--data', data, '--output', join(folder, 'run'), '--backend', 'cpu'];
  const more = ['--steps', '3', '--set', 'train.validate=2', '--tensorboard'];
  const built = await archc([...args, ...more], {}, ['--disallow-code-generation-from-strings']);
  expect([built.code, built.stderr]).toEqual([0, expect.stringContaining('step 2: validation loss')]);
  const page = join(folder, 'run/report.html');
  const text = readFileSync(page, 'utf8');
  // A finished run without one gets it.
  rmSync(page);
  expect((await fromSources(...args, ...more, '--resume')).code).toBe(0);
  expect(readFileSync(page, 'utf8')).toBe(text);
});

test('a build is made anew when a template changes', async () => {
  const before = builds();
  edit('codegen/kernels/convolution.wgsl.hbs', 'Convolution of NCHW maps', 'A convolution of maps');
  const { stdout } = await archc(['emit', 'wgsl', resolve('tests/golden/tiny.arch')]);
  expect(stdout).toContain('// A convolution of maps');
  expect(builds()).toHaveLength(before.length + 1);
});

test('ARCHC_DEBUG=1 names lines of the sources', async () => {
  edit(
    'src/cli/commands/explain.ts',
    "'explain needs a code, an op, a block or a part of a recipe'",
    "'x'.repeat(-1)",
  );
  const line = readFileSync(join(checkout, 'src/cli/commands/explain.ts'), 'utf8')
    .split('\n')
    .findIndex((text) => text.includes('.repeat(-1)'));
  const quiet = await archc(['explain']);
  expect([quiet.code, quiet.stderr]).toEqual([1, expect.stringContaining('ARCHC_DEBUG=1')]);
  expect((await archc(['explain'], { ARCHC_DEBUG: '1' })).stderr).toMatch(
    new RegExp(`commands/explain\\.ts:${line + 1}:`),
  );
});

test('where no build can be written, that is said', async () => {
  rmSync(join(checkout, 'dist'), { recursive: true });
  writeFileSync(join(checkout, 'dist'), '');
  const { code, stdout, stderr } = await archc(['--version']);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/^error: the build cannot be written: .*\n {2}= try: make .*dist writable\n$/);
  rmSync(join(checkout, 'dist'));
});

test('without installed packages, that is said', async () => {
  rmSync(join(checkout, 'node_modules'));
  const { code, stderr } = await archc(['--version']);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^error: packages are not installed .*\n {2}= try: npm ci\n$/);
});
