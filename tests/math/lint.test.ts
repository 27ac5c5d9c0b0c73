import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../cli/archc.ts';

const denied = {
  call: 'export const y = Math.exp(1);',
  reference: 'export const y = [1].map(Math.tanh);',
  destructured: 'export const { sin } = Math;',
  square: 'export const y = (x: number) => x ** 2;',
  exponent: 'export const y = (x: number) => 2 ** x;',
  base: 'export const y = 10 ** 3;',
  assignment: 'export const y = (x: number) => {\n  let z = x;\n  z **= 2;\n  return z;\n};',
};
const allowed = {
  exact: 'export const y = Math.sqrt(2) + Math.floor(2.5) * Math.PI;',
  powers: 'export const y = 2 ** 26 + 2 ** -53;',
};

test('lint denies what has other bits on other engines, but in tests', () => {
  const folder = temporaryFolder();
  for (const path of ['biome.json', 'bin/powers.grit']) cpSync(path, join(folder, path));
  mkdirSync(join(folder, 'src'));
  const write = (name: string, text: string) => writeFileSync(join(folder, 'src', name), `${text}\n`);
  for (const [name, text] of Object.entries({ ...denied, ...allowed })) write(`${name}.ts`, text);
  for (const [name, text] of Object.entries(denied)) write(`${name}.test.ts`, text);

  const args = ['lint', '--reporter=json', '--max-diagnostics=none', '.'];
  const { stdout, stderr } = spawnSync(resolve('node_modules/.bin/biome'), args, {
    cwd: folder,
    encoding: 'utf8',
  });
  const { diagnostics } = JSON.parse(stdout) as {
    diagnostics: readonly { readonly severity: string; readonly location: { readonly path: unknown } }[];
  };
  const files = diagnostics.filter((d) => d.severity === 'error').map((d) => JSON.stringify(d.location.path));
  const found = Object.keys({ ...denied, ...allowed }).filter((name) => files.some((f) => f.includes(name)));
  expect(found, stderr).toEqual(Object.keys(denied));
  expect(files.filter((f) => f.includes('.test.ts'))).toEqual([]);
});
