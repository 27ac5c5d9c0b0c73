import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandLine } from '../../src/cli/main.ts';
import { archc, expectError, json, temporaryFolder } from './archc.ts';
import { TINY, TINY_CHOSEN, writeInputs, writeWeights } from './tiny.ts';

const folder = temporaryFolder();
const all = (await commandLine()).commands;
const commands = all.map((command) => command.name());
/** Commands of a group by both names, such as `data plan`. */
const whole = all.flatMap((command) => {
  const inner = command.commands.map((c) => `${command.name()} ${c.name()}`);
  return inner.length > 0 ? inner : [command.name()];
});

test('there are the commands that the documentation names', () => {
  const named = ['check', 'params', 'run', 'grad', 'fit', 'train', 'predict', 'evaluate', 'compile', 'emit'];
  expect(commands).toEqual(expect.arrayContaining([...named, 'explain', 'doctor']));
});

test.each(whole)('%s --help says how it is used', async (command) => {
  const words = command.split(' ');
  const help = [...words.slice(0, -1), 'help', words[words.length - 1]];
  for (const args of [[...words, '--help'], help]) {
    const result = await archc(...args);
    expect(result.code).toBe(0);
    expect(result.stderr).toBe('');
    expect(result.stdout).toMatch(new RegExp(`^Usage: archc ${command} `));
    expect(result.stdout).toContain('--json');
  }
});

test('--help and --version are no errors, no command is one', async () => {
  const help = await archc('--help');
  expect([help.code, help.stderr]).toEqual([0, '']);
  for (const command of commands) expect(help.stdout).toMatch(new RegExp(`^ +${command} `, 'm'));
  expect(await archc('--version')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
  });
  const nothing = await archc();
  expect([nothing.code, nothing.stdout]).toEqual([2, '']);
  expect(nothing.stderr).toContain('Usage: archc');
});

const fit = ['fit', TINY, '--weights', 'w', '--input', 'i', '--output', 'o'];
const run = ['run', TINY, '--weights', 'w', '--input', 'i', '--output', 'o'];
const train = ['train', TINY, '--data', 'd'];

const refused: [string, string, string[], RegExp][] = [
  ['an unknown command', 'unknown-command', ['trian', TINY], /'trian'[\s\S]*= try: train/],
  ['an unknown command like no other', 'unknown-command', ['zzzzzzzz'], /= try: archc --help/],
  ['an unknown flag', 'unknown-option', ['params', TINY, '--jsn'], /'--jsn'[\s\S]*= try: --json/],
  ['a missing spec', 'missing-argument', ['params'], /spec[\s\S]*= try: archc params --help/],
  ['a missing required flag', 'missing-option', ['train', TINY], /--data/],
  ['a missing output', 'missing-option', ['run', TINY, '--weights', 'w', '--input', 'i'], /--output/],
  ['a flag without its value', 'missing-value', ['params', TINY, '--set'], /--set/],
  ['an unknown command of a group', 'unknown-command', ['data', 'plon', 'd'], /'plon'[\s\S]*= try: plan/],
  ['a missing folder', 'missing-argument', ['data', 'plan'], /folder[\s\S]*= try: archc data plan --help/],
  ['no memory', 'bad-value', ['data', 'plan', 'd', '--memory', '0'], /'0'.*number of bytes/],
  ['two specs', 'excess-arguments', ['check', TINY, TINY], /Expected 1 argument but got 2/],
  ['no steps', 'bad-value', [...fit, '--steps', '0'], /'0'.*whole number from 1/],
  ['half a step', 'bad-value', [...fit, '--steps', '1.5'], /whole number/],
  ['an empty number', 'bad-value', [...fit, '--steps', ''], /whole number/],
  ['a word for a number', 'bad-value', [...fit, '--steps', '1', '--lr', 'abc'], /'abc'.*a number from 0/],
  ['an infinite number', 'bad-value', [...fit, '--steps', '1', '--lr', 'Infinity'], /a number from 0/],
  ['a negative number', 'bad-value', [...fit, '--steps', '1', '--eps=-1'], /a number from 0/],
  ['a rate that no 32-bit float holds', 'bad-value', [...fit, '--steps', '1', '--lr', '1e39'], /3\.4e38/],
  ['an epsilon that counts as 0', 'bad-value', [...fit, '--steps', '1', '--eps', '1e-46'], /1\.2e-38/],
  ['one beta', 'bad-value', [...fit, '--steps', '1', '--betas', '1'], /two numbers/],
  ['a beta of 1', 'bad-value', [...fit, '--steps', '1', '--betas', '0.9,1'], /less than 1/],
  ['an empty beta', 'bad-value', [...fit, '--steps', '1', '--betas', '0.9,'], /two numbers/],
  ['an unknown optimizer', 'bad-value', [...fit, '--steps', '1', '--optimizer', 'lion'], /adamw, adam, sgd/],
  [
    'an unknown schedule',
    'bad-value',
    [...fit, '--steps', '1', '--schedule', 'step'],
    /constant, cosine, poly/,
  ],
  ['an unknown backend', 'bad-value', [...run, '--backend', 'cuda'], /auto, cpu, webgpu, reference/],
  ['an unknown stage', 'bad-value', ['emit', 'ptx', TINY], /ast, graph, plan, wgsl/],
  ['an unknown pass', 'bad-value', ['emit', 'graph', TINY, '--after', 'bake'], /'bake'.*prune/],
  ['a pass of the plan', 'bad-value', ['emit', 'plan', TINY, '--after', 'prune'], /text of the graph/],
  ['an unknown kind of image', 'unsupported-image', predictArgs('--ending', '.bmp'), /\.nii\.gz/],
  ['no windows', 'bad-value', predictArgs('--windows', '0'), /whole number from 1/],
  ['a batch of none', 'bad-value', ['compile', TINY, '--output', 'o', '--batch', '0'], /from 1/],
  ['a negative seed', 'bad-value', [...train, '--seed=-1'], /from 0/],
  ['no minutes', 'bad-value', [...train, '--minutes', '0'], /from 0\.1/],
];

function predictArgs(...more: string[]): string[] {
  return ['predict', TINY, '--weights', 'w', '--input', 'i', '--output', 'o', ...more];
}

test.each(refused)('%s is refused', async (_name, code, args, message) => {
  expectError(await archc(...args), code, message);
  const asJson = await archc(...args, '--json');
  expect(asJson.code).toBe(2);
  // A flag that lacks its value takes --json for it.
  if (code !== 'missing-value') {
    expect(json(asJson)).toMatchObject({ ok: false, error: { code } });
  }
});

test('an unknown adapter is refused, as a flag and as a variable', async () => {
  const weights = writeWeights(join(folder, 'w.safetensors'));
  const inputs = writeInputs(join(folder, 'i.safetensors'));
  const args = [
    'run',
    TINY,
    '--weights',
    weights,
    '--input',
    inputs,
    '--output',
    join(folder, 'y.safetensors'),
  ];
  const message = /"quantum"[\s\S]*auto, cpu, gpu, lavapipe, swiftshader/;
  expectError(await archc(...args, '--adapter', 'quantum'), 'bad-adapter', message);
  const before = process.env['ARCHC_ADAPTER'];
  process.env['ARCHC_ADAPTER'] = 'quantum';
  try {
    expectError(await archc(...args), 'bad-adapter', /ARCHC_ADAPTER is "quantum"/);
  } finally {
    if (before === undefined) delete process.env['ARCHC_ADAPTER'];
    else process.env['ARCHC_ADAPTER'] = before;
  }
});

test('a section that the spec lacks is refused, and those it has are named', async () => {
  expectError(await archc(...train, '--section', 'Slow'), 'no-train-section', /Slow[\s\S]*Quick, Diverging/);
  expectError(await archc('train', 'specs/lib/nn.arch', '--data', 'd'), 'no-model', /declares no model/);
});

test('a run in a process of its own writes one JSON document to stdout', () => {
  const weights = writeWeights(join(folder, 'w.safetensors'));
  const inputs = writeInputs(join(folder, 'i.safetensors'));
  const output = join(folder, 'y.safetensors');
  const args = ['run', TINY, '--weights', weights, '--input', inputs, '--output', output, '--json'];
  const stdout = execFileSync(process.execPath, ['bin/archc.mjs', ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  expect(JSON.parse(stdout)).toMatchObject({ output, outputs: [[2, 3, 16, 16]] });
});

test.each(['ast', 'graph', 'plan', 'wgsl'])(
  'emit %s prints text, and with --json one document',
  async (stage) => {
    const text = await archc('emit', stage, TINY);
    expect([text.code, text.stderr]).toEqual([0, stage === 'ast' ? '' : TINY_CHOSEN]);
    expect(text.stdout.length).toBeGreaterThan(200);
    const document = await archc('emit', stage, TINY, '--json');
    expect(document.code).toBe(0);
    expect(Object.keys(json(document)).length).toBeGreaterThan(0);
    const code = stage === 'ast' ? 'bad-value' : 'wrong-type';
    expectError(await archc('emit', stage, TINY, '--set', 'width=<1>', '--train'), code, /width|--set/);
  },
);

test('check, params and doctor say in JSON what they say in text', async () => {
  expect((await archc('check', TINY)).stdout).toBe(
    `${TINY}: no mistakes in Narrow, Tiny (commands that take one model take the last, Tiny)\n`,
  );
  expect((await archc('params', TINY)).stdout).toContain('Tiny: 251 parameters');
  // Conv 3→8 of 3×3 with bias, conv 8→3 of 1×1 with bias; multiply-adds at 16×16.
  expect(json(await archc('params', TINY, '--json'))).toMatchObject({
    params: 8 * 27 + 8 + 24 + 3,
    macs: 256 * (8 * 27 + 24),
  });
  const doctor = await archc('doctor', '--json');
  expect(doctor.code).toBe(0);
  expect(Object.keys(json(doctor)).length).toBeGreaterThan(0);
});
