import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command, CommanderError, Option } from 'commander';
import { expect, test } from 'vitest';
import { errorCodes } from '../../src/cli/explain/error-codes.ts';
import { usageCode } from '../../src/cli/report.ts';

const root = fileURLToPath(new URL('../../src/', import.meta.url));
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  .map((file) => [file, readFileSync(root + file, 'utf8')] as const);

/** Codes that are made elsewhere: of another error, by commander (below), in another thread, or in a table of the same file. */
const passedOn = [
  /: error\.code,$/,
  /^cli[/\\]report\.ts: usageCode\(error\),$/,
  /^data[/\\]failure\.ts: code,$/,
  /^runtime[/\\]webgpu[/\\]device-faults\.ts: code,$/,
];

/** Codes of the errors that are made in the sources, with a file each is made in. */
function made(): Map<string, string> {
  const codes = new Map<string, string>();
  for (const [file, text] of sources) {
    const errors = /new (?:InputError|JobError|RuntimeError|PlanError)\(\s*(?:'([^']*)'|(\S+))/g;
    for (const [, code, other] of text.matchAll(errors)) {
      if (code !== undefined) codes.set(code, file);
      else if (!passedOn.some((known) => known.test(`${file}: ${other}`))) {
        throw new Error(`${file}: the code of an error is a plain string, found ${other}`);
      }
    }
    if (/device-faults\.ts$/.test(file)) {
      const scopes = /const scopes[^;]*;/.exec(text)?.[0] ?? '';
      for (const [, code] of scopes.matchAll(/\['[\w-]+', '([\w-]+)'\]/g)) codes.set(code, file);
    }
  }
  return codes;
}

/** Codes of what commander refuses. */
function ofCommandLine(): Map<string, string> {
  const command = () =>
    new Command('archc')
      .exitOverride()
      .configureOutput({ outputError: () => {}, writeErr: () => {} })
      .addCommand(
        new Command('train')
          .exitOverride()
          .configureOutput({ outputError: () => {}, writeErr: () => {} })
          .argument('<spec>')
          .requiredOption('--data <folder>')
          .addOption(new Option('--device <kind>').choices(['cpu']))
          .addOption(new Option('--one').conflicts('two'))
          .option('--two')
          .action(() => {}),
      );
  const lines = [
    ['frain'],
    ['train'],
    ['train', 'a', 'b', '--data', 'd'],
    ['train', 'a'],
    ['train', 'a', '--data'],
    ['train', 'a', '--data', 'd', '--date', 'd'],
    ['train', 'a', '--data', 'd', '--device', 'x'],
    ['train', 'a', '--data', 'd', '--one', '--two'],
  ];
  return new Map(
    lines.map((line) => {
      try {
        command().parse(line, { from: 'user' });
      } catch (error) {
        if (error instanceof CommanderError) return [usageCode(error), 'the command line'];
      }
      throw new Error(`${line.join(' ')} is not refused`);
    }),
  );
}

const all = new Map([...made(), ...ofCommandLine(), ['internal', 'cli/report.ts']]);

test('every code that archc can print is explained', () => {
  const missing = [...all].filter(([code]) => !Object.hasOwn(errorCodes, code));
  expect(
    missing.map(([code, file]) => `${code} (${file}): say what it means in src/cli/explain/error-codes.ts`),
  ).toEqual([]);
});

test('every code that is explained can be printed', () => {
  expect(
    Object.keys(errorCodes)
      .filter((code) => !all.has(code))
      .map((code) => `${code}: nothing makes it any more; remove it from src/cli/explain/error-codes.ts`),
  ).toEqual([]);
});

test('explanations are sentences, in the order of the alphabet', () => {
  expect(Object.keys(errorCodes)).toEqual(Object.keys(errorCodes).toSorted());
  for (const [code, text] of Object.entries(errorCodes)) {
    expect(`${code}: ${text}`).toMatch(/^[a-z0-9-]+: \S.{25,}\.$/);
  }
});
