import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { archc, json, temporaryFolder } from './archc.ts';
import { TINY, TINY_CHOSEN } from './tiny.ts';

const folder = temporaryFolder();
const dead = join(folder, 'dead.arch');
writeFileSync(
  dead,
  `model Dead(unused: int = 1) {
  input image: [B, 3, 8, 8]
  forward { y = relu(image) }
  output logits: [B, 3, 8, 8] = y
}

train T for Dead {
  loss = cross_entropy
  optimizer = sgd(lr: 0.1)
  batch = 1
  steps = 1
}
`,
);
const text = `warning[unused-name]: the parameter \`unused\` is never used
  ┌─ ${dead}:1:12
1 │ model Dead(unused: int = 1) {
  │            ^^^^^^
`;

describe('a spec with warnings', () => {
  test.each(['check', 'params'])('%s goes on, and says them on stderr with their number', async (command) => {
    const result = await archc(command, dead);
    expect(result.code).toBe(0);
    expect(result.stderr).toContain(text);
    expect(result.stderr).toMatch(/\n\n1 warning\n$/);
    expect(result.stdout).not.toBe('');
  });

  test.each([
    ['check', dead],
    ['params', dead],
    ['emit', 'graph', dead],
  ])('%s with --deny warnings ends with 2', async (...args) => {
    const result = await archc(...args, '--deny', 'warnings');
    expect([result.code, result.stdout]).toEqual([2, '']);
    expect(result.stderr).toContain(text);
    expect(result.stderr).toMatch(/\n1 warning\nerror\[warnings-denied\]: a warning counts as a mistake/);
  });

  test('train says them before anything else, and with --deny warnings does nothing more', async () => {
    const args = ['train', dead, '--data', join(folder, 'nothing'), '--output', join(folder, 'run')];
    const result = await archc(...args);
    expect(result.code).toBe(2);
    expect(result.stderr).toMatch(
      /^warning\[unused-name\][\s\S]*\n1 warning\n[\s\S]*error\[file-not-found\]/,
    );
    const denied = await archc(...args, '--deny', 'warnings');
    expect(denied.code).toBe(2);
    expect(denied.stderr).toMatch(/error\[warnings-denied\]/);
    expect(denied.stderr).not.toMatch(/file-not-found/);
  });

  test('--json lists them', async () => {
    const warnings = [{ code: 'unused-name', severity: 'warning', span: { line: 1, column: 12 } }];
    const checked = json(await archc('check', dead, '--json'));
    expect(checked).toMatchObject({ ok: true, models: ['Dead'], diagnostics: [], warnings });
    expect(json(await archc('params', dead, '--json'))).toMatchObject({ model: 'Dead', params: 0, warnings });
    const denied = await archc('params', dead, '--json', '--deny', 'warnings');
    expect(denied.code).toBe(2);
    const error = { code: 'warnings-denied' };
    expect(json(denied)).toMatchObject({ ok: false, error, diagnostics: [], warnings });
  });

  test('only warnings can be denied', async () => {
    const result = await archc('check', dead, '--deny', 'errors');
    expect([result.code, result.stderr]).toEqual([2, expect.stringMatching(/error\[bad-value\].*warnings/)]);
  });
});

const shipped = [
  'specs',
  'specs/lib',
  'examples/nuclei',
  'examples/abdomen-mri',
  'examples/endoscopy',
  'examples/microscopy',
].flatMap((at) => readdirSync(at).flatMap((name) => (name.endsWith('.arch') ? [`${at}/${name}`] : [])));

test.each(shipped)('%s has no warnings', async (spec) => {
  const result = await archc('check', spec, '--deny', 'warnings');
  expect([result.code, result.stderr]).toEqual([0, '']);
});

describe('the same key in several --set', () => {
  test.each([
    ['a parameter', 'width', ['3', '4'], '`width` twice: `3`, then `4`'],
    ['a setting of the train section', 'train.lr', ['0.1', '0.2'], '`train.lr` twice: `0.1`, then `0.2`'],
    [
      'three times',
      'size',
      ['<8, 8>', '<16, 16>', '<8, 8>'],
      '`size` 3 times: `<8, 8>`, then `<16, 16>`, then `<8, 8>`',
    ],
    ['the same value', 'width', ['3', '3'], '`width` twice: `3`, then `3`'],
  ])('%s: the last counts, and that is said', async (_, key, values, said) => {
    const sets = values.flatMap((v) => ['--set', `${key}=${v}`]);
    const result = await archc('params', TINY, ...sets, '--json');
    expect(result.code).toBe(0);
    expect(result.stderr).toContain(`warning[set-twice]: --set gives ${said}; the last one counts`);
    const once = await archc('params', TINY, '--set', `${key}=${values.at(-1)}`, '--json');
    expect({ ...json(result), warnings: [] }).toEqual(json(once));
  });

  test('of a variant', async () => {
    const result = await archc(
      'check',
      'swin-umamba',
      '--set',
      'decoder=expanding',
      '--set',
      'decoder=residual',
    );
    expect([result.code, result.stderr]).toEqual([0, expect.stringMatching(/`expanding`, then `residual`/)]);
  });
});

describe('a file with several models', () => {
  test('commands take the last, and say so', async () => {
    const result = await archc('params', TINY);
    expect([result.code, result.stderr]).toEqual([0, TINY_CHOSEN]);
    expect(result.stdout).toContain('Tiny: 251 parameters');
    expect(json(await archc('params', TINY, '--json'))).toMatchObject({ model: 'Tiny' });
  });

  test('one that is named is taken without a word', async () => {
    const result = await archc('params', `${TINY}:Narrow`);
    expect([result.code, result.stderr]).toEqual([0, '']);
    expect(result.stdout).toContain('Narrow: 127 parameters');
  });

  test('a misspelt one is refused with the nearest', async () => {
    const result = await archc('params', `${TINY}:Narow`);
    expect([result.code, result.stderr]).toEqual([
      2,
      expect.stringMatching(/unknown-model[\s\S]*try: `Narrow`/),
    ]);
  });
});
