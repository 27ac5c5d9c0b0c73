import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../cli/archc.ts';

const { whatToInstall } = (await import(pathToFileURL('bin/prepare.mjs').href)) as {
  whatToInstall(development: boolean, checkout: string): { reason: string; args: string[] } | undefined;
};

type Packages = Record<string, { version: string; dev?: true; optional?: true }>;

const wanted: Packages = {
  '': { version: '0.1.0' },
  'node_modules/lexer': { version: '2.0.0' },
  'node_modules/tester': { version: '3.0.0', dev: true },
  'node_modules/other-system': { version: '1.0.0', optional: true },
};

/** A checkout with that lock file, in which `installed` is. */
function checkout(installed?: Packages): string {
  const folder = temporaryFolder();
  const write = (path: string, packages: Packages) =>
    writeFileSync(join(folder, path), JSON.stringify({ packages }));
  write('package-lock.json', wanted);
  mkdirSync(join(folder, 'node_modules'));
  if (installed) write('node_modules/.package-lock.json', installed);
  return folder;
}

const { 'node_modules/lexer': lexer, 'node_modules/tester': tester } = wanted;
const runtime: Packages = { 'node_modules/lexer': lexer };
const all: Packages = { ...runtime, 'node_modules/tester': tester };
const old: Packages = { 'node_modules/lexer': { version: '1.9.0' } };

test('nothing is installed where all that is needed is there', () => {
  expect(whatToInstall(false, checkout(runtime))).toBeUndefined();
  expect(whatToInstall(false, checkout(all))).toBeUndefined();
  expect(whatToInstall(true, checkout(all))).toBeUndefined();
});

test('without any packages, those of development only come where they are needed', () => {
  const reason = 'node_modules is missing';
  expect(whatToInstall(false, checkout())).toEqual({ reason, args: ['--omit=dev'] });
  expect(whatToInstall(true, checkout())).toEqual({ reason, args: ['--include=dev'] });
});

test('tests ask for what `npm ci --omit=dev` left out', () => {
  expect(whatToInstall(true, checkout(runtime))).toEqual({
    reason: 'node_modules/tester is missing, package-lock.json has 3.0.0',
    args: ['--include=dev'],
  });
});

test('what is old is replaced, and packages of development that are there stay', () => {
  const reason = 'node_modules/lexer is 1.9.0, package-lock.json has 2.0.0';
  expect(whatToInstall(false, checkout(old))).toEqual({ reason, args: ['--omit=dev'] });
  const kept = checkout({ ...old, 'node_modules/tester': tester });
  expect(whatToInstall(false, kept)).toEqual({ reason, args: ['--include=dev'] });
});
