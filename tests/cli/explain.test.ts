import { expect, test } from 'vitest';
import { blockNames } from '../../src/cli/explain/blocks.ts';
import { codeNames } from '../../src/cli/explain/codes.ts';
import { errorCodes } from '../../src/cli/explain/error-codes.ts';
import { opNames } from '../../src/cli/explain/ops.ts';
import { recipeNames } from '../../src/cli/explain/recipe.ts';
import { diagnosticTable } from '../../src/language/index.ts';
import { families } from '../../src/recipe/index.ts';
import { archc, expectError, json } from './archc.ts';

const diagnostics = Object.entries(diagnosticTable);
const all = [...opNames(), ...blockNames(), ...recipeNames(), ...codeNames()];

test('--list names every op, block, part of a recipe and code once', async () => {
  const { code, stdout, stderr } = await archc('explain', '--list');
  expect([code, stderr]).toEqual([0, '']);
  const listed = stdout.trimEnd().split('\n');
  expect(listed.map((line) => line.split(/ +/)[1])).toEqual(all);
  expect(stdout).not.toMatch(/\{\w+\}/);
  const document = JSON.parse((await archc('explain', '--list', '--json')).stdout) as {
    kind: string;
    name: string;
  }[];
  expect(document.map((entry) => entry.name)).toEqual(all);
  expect(new Set(document.map((entry) => entry.kind))).toEqual(
    new Set(['op', 'block', ...families.map(({ kind }) => kind), 'code']),
  );
});

test('every code is explained at length, without raw placeholders', async () => {
  for (const code of codeNames()) {
    const { stdout, stderr, code: exit } = await archc('explain', code);
    expect([exit, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`[${code}]`);
    // An explanation may show a pattern such as layers.{i} of the language itself.
    expect(stdout.replaceAll('{i}', '')).not.toMatch(/\{\w+\}|undefined/);
    if (Object.hasOwn(errorCodes, code)) expect(stdout).toContain(errorCodes[code]);
  }
  for (const [code, { explanation }] of diagnostics) {
    expect((await archc('explain', code)).stdout).toContain(explanation);
  }
});

test('every op and block is explained by signature, text, shapes or gradient, and an example', async () => {
  for (const name of opNames()) {
    const { stdout, code } = await archc('explain', name);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      new RegExp(`^op ${name}\n\n${name}\\(.*\\)\n\n\\S[^]*\n\n[^]*gradient +\\S[^]*\n\n  \\S`),
    );
  }
  for (const name of blockNames()) {
    const { stdout, code } = await archc('explain', name);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      new RegExp(
        `^block ${name}\n\n${name}\\(.*\\)\n\nimport \\{ ${name} \\} from "archc/lib/\\w+\\.arch"\n\n\\S[^]*\nparameters +\\S[^]*\n\n  part = ${name}\\(`,
      ),
    );
  }
});

test('every part of a recipe is explained by its arguments, with an example', async () => {
  for (const { kind, forms } of families) {
    for (const [name, { args, doc, example }] of Object.entries(forms)) {
      const { stdout, code } = await archc('explain', name);
      expect(code).toBe(0);
      const page = stdout.slice(stdout.indexOf(`${kind} ${name}\n`));
      expect(page).toContain(`\n\n${name}${Object.keys(args).length > 0 ? '(' : '\n'}`);
      for (const text of [doc, example]) expect(page).toContain(text);
      for (const [arg, { doc: about }] of Object.entries(args))
        expect(page).toMatch(new RegExp(`^${arg} +${about.slice(0, 8).replace(/[^\\w ]/g, '.')}`, 'm'));
    }
  }
});

test('one name in several tables has a page for each', async () => {
  expect((await archc('explain', 'constant')).stdout).toMatch(
    /^schedule constant\n[\s\S]*\ninitialiser constant\n/,
  );
  expect(json(await archc('explain', 'cross_entropy', '--json'))).toMatchObject({
    kind: 'op',
    also: [{ kind: 'loss', name: 'cross_entropy' }],
  });
});

test('an op and a block of one spelling are told apart', async () => {
  expect((await archc('explain', 'conv2d')).stdout).toMatch(/^op conv2d\n/);
  expect((await archc('explain', 'Conv2d')).stdout).toMatch(/^block Conv2d\n/);
  expect(json(await archc('explain', 'Conv2d', '--json'))).toMatchObject({
    kind: 'block',
    name: 'Conv2d',
    from: 'archc/lib/nn.arch',
  });
});

test('a code may be given as it stands in a message', async () => {
  const plain = await archc('explain', 'shape-mismatch');
  expect(await archc('explain', 'error[shape-mismatch]')).toEqual(plain);
  expect(json(await archc('explain', 'shape-mismatch', '--json'))).toMatchObject({
    code: 'shape-mismatch',
    explanations: [diagnosticTable['shape-mismatch'].explanation],
  });
});

test('a code of specs and of commands has both meanings', async () => {
  const { stdout } = await archc('explain', 'file-not-found');
  expect(stdout).toContain(diagnosticTable['file-not-found'].explanation);
  expect(stdout).toContain(errorCodes['file-not-found']);
});

test('an unknown name ends with the nearest ones, of whatever kind', async () => {
  expectError(await archc('explain', 'shpe-mismatch'), 'unknown-code', /= try: shape-mismatch/);
  expectError(await archc('explain', 'conv2'), 'unknown-code', /= try: .*conv2d/);
  expectError(await archc('explain', 'VSSBlok'), 'unknown-code', /= try: VSSBlock/);
  expectError(await archc('explain', 'bad-datset'), 'unknown-code', /= try: bad-dataset/);
  expectError(await archc('explain', 'constructor'), 'unknown-code', /archc explain --list/);
});

test('no name, or one beside --list, is refused', async () => {
  expectError(await archc('explain'), 'missing-argument', /archc explain --list/);
  expectError(await archc('explain', 'not-text', '--list'), 'bad-value', /not-text/);
});
