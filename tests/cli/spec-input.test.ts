import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { archc, expectError, json, temporaryFolder } from './archc.ts';
import { TINY } from './tiny.ts';

const folder = temporaryFolder();

function spec(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const unreadable: [string, string, () => string, RegExp][] = [
  ['a missing file', 'file-not-found', () => join(folder, 'none.arch'), /none\.arch[\s\S]*nnunet/],
  ['a misspelt shipped spec', 'file-not-found', () => 'nnunt', /= try: nnunet$/m],
  ['a folder', 'not-a-run', () => folder, /is a folder, and not that of a run/],
  ['a file with NUL bytes', 'not-text', () => spec('nul.arch', 'model A() {\0}'), /not a text file/],
  ['bytes that are not UTF-8', 'not-text', () => spec('raw.arch', Uint8Array.of(0x6d, 0xff, 0xfe)), /UTF-8/],
  ['an empty file', 'nothing-declared', () => spec('empty.arch', ''), /declares no model/],
  ['a megabyte of (', 'too-deep', () => spec('deep.arch', '('.repeat(2 ** 20)), /100 levels/],
  ['three megabytes', 'file-too-large', () => spec('big.arch', '// x\n'.repeat(600_000)), /2000000/],
  ['a file of blocks only', 'no-model', () => 'specs/lib/nn.arch', /declares no model/],
  ['an unknown model', 'unknown-model', () => `${TINY}:Tini`, /no model `Tini`[\s\S]*= try: `Tiny`/],
];

test.each(unreadable)('refuses %s', async (_name, code, path, message) => {
  expectError(await archc('params', path()), code, message);
});

test('finds a shipped spec where a folder has its name', async () => {
  mkdirSync(join(folder, 'nnunet'), { recursive: true });
  const before = process.cwd();
  process.chdir(folder);
  try {
    const result = await archc('params', 'nnunet', '--depth', '0');
    expect([result.code, result.stderr]).toEqual([0, '']);
    expect(result.stdout).toContain('NNUNet: 33,489,940 parameters');
  } finally {
    process.chdir(before);
  }
});

test('refuses files that import each other, and names the cycle', async () => {
  spec('one.arch', 'import { B } from "two.arch"\nblock A() { forward(x: [B]) { x } }\n');
  const two = spec('two.arch', 'import { A } from "one.arch"\nblock B() { forward(x: [B]) { x } }\n');
  expectError(await archc('check', two), 'import-cycle', /two\.arch → \S*one\.arch → \S*two\.arch/);
});

test('refuses an import that is a folder', async () => {
  mkdirSync(join(folder, 'parts'), { recursive: true });
  const path = spec('imports.arch', 'import { A } from "parts"\nmodel M() { input x: [B, 1] }\n');
  expectError(await archc('check', path), 'file-not-found', /parts/);
});

test.each(['archc/specs/nnunet.arch', '../specs/nnunet.arch', 'nnunet'])(
  'says from where a shipped spec is imported instead of from %s',
  async (from) => {
    const path = spec('shipped.arch', `import { NNUNet } from "${from}"\nmodel M extends NNUNet() {}\n`);
    expectError(await archc('check', path), 'file-not-found', /= try: "archc\/nnunet\.arch"$/m);
  },
);

const settings: [string, string, string, RegExp][] = [
  ['an unknown key', 'widht=3', 'unknown-parameter', /Tiny has no parameter `widht`[\s\S]*= try: `width`/],
  ['a wrong type', 'width=true', 'wrong-type', /width/],
  ['a fraction for an int', 'width=1/2', 'not-an-integer', /width/],
  ['a vector that is too long', 'size=<16, 16, 16>', 'wrong-length', /2 entries, but has 3/],
  ['a number for a vector', 'size=16', 'wrong-type', /size/],
  ['an unknown setting of the train section', 'train.lrr=1', 'unknown-setting', /= try: .*`?lr/],
  ['no value', 'width=', 'unexpected-end', /--set width:1:1/],
  ['half a vector', 'size=<16', 'unclosed-bracket', /</],
  ['no key', '=3', 'bad-value', /key=value/],
  ['no =', 'width', 'bad-value', /'width' is not key=value/],
];

test.each(settings)('refuses a --set with %s', async (_name, set, code, message) => {
  expectError(await archc('params', TINY, '--set', set), code, message);
});

test('a size that the network cannot take is an error of the spec', async () => {
  const result = await archc('params', 'nnunet', '--set', 'size=<33, 33>');
  expectError(result, 'requirement-failed', /every stage but the first halves the image/);
});

test('--json gives diagnostics as data, with places', async () => {
  const result = await archc('params', TINY, '--set', 'widht=3', '--json');
  expect(result.code).toBe(2);
  expect(json(result)).toMatchObject({
    ok: false,
    diagnostics: [{ code: 'unknown-parameter', severity: 'error', span: { file: '--set widht', line: 1 } }],
  });
  expect(json(await archc('check', TINY, '--json'))).toEqual({
    ok: true,
    models: ['Narrow', 'Tiny'],
    diagnostics: [],
    warnings: [],
  });
});

test('several mistakes are reported together', async () => {
  const result = await archc('params', TINY, '--set', 'widht=3', '--set', 'classes=false');
  expect(result.stderr).toContain('error[unknown-parameter]');
  expect(result.stderr).toContain('error[wrong-type]');
  expect(result.stderr).toContain('2 errors');
});
