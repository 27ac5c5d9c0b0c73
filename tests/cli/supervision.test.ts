import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { archc, expectError, temporaryFolder, tree } from './archc.ts';
import { TINY, writeDataset, writeInputs, writeWeights } from './tiny.ts';

const folder = temporaryFolder();
const inFolder = (name: string) => join(folder, name);
const data = writeDataset(inFolder('data'));

/** The small spec with another output beside `logits`. */
function withOutput(name: string, output: string, supervise: string, params = ''): string {
  const path = inFolder(`${name}.arch`);
  const text = readFileSync(TINY, 'utf8')
    .replace('  head = Conv2d(width, classes, 1)\n', `  head = Conv2d(width, classes, 1)\n${params}`)
    .replace('classes, H, W] = y\n', `classes, H, W] = y\n  ${output}\n`)
    .replaceAll('  optimizer =', `  supervise = ${supervise}\n  optimizer =`);
  writeFileSync(path, text);
  return path;
}

const two = '  aux = Conv2d(width, 2, 1)\n';
const train = (spec: string, ...more: string[]) =>
  archc('train', spec, '--data', data, '--output', inFolder('not-made/run'), ...more);

test('a head of other classes than the one beside it is shown in the spec, by every command that trains', async () => {
  const spec = withOutput('heads', 'output few: [B, 2, H, W] = aux(x)', 'weights(<1, 0.5>)', two);
  const shown =
    /error\[supervised-output\][^\n]*`few`: it has 2 classes, `logits` has 3\n[^\n]*heads\.arch:24:10/;
  const weights = writeWeights(inFolder('w.safetensors'));
  const inputs = writeInputs(inFolder('i.safetensors'));
  const files = ['--weights', weights, '--input', inputs, '--output', inFolder('not-made')];
  const before = tree(folder);
  for (const result of [
    await archc('check', spec),
    await train(spec),
    await archc('grad', spec, ...files),
    await archc('fit', spec, ...files, '--steps', '1'),
    await archc('compile', spec, '--output', inFolder('not-made')),
  ]) {
    expect(result.stderr).toMatch(shown);
    expect(result.code).toBe(2);
  }
  expect(tree(folder)).toEqual(before);
});

test('a head that is left out may have other classes', async () => {
  const spec = withOutput('unsupervised', 'output few: [B, 2, H, W] = aux(x)', 'weights(<1, 0>)', two);
  const result = await archc('train', spec, '--data', data, '--output', inFolder('left-out'), '--steps', '1');
  expect(result.code).toBe(0);
});

test('every supervised output is compared with the data, and so is what predicts', async () => {
  const both = withOutput('both', 'output again: [B, classes, H, W] = head(x)', 'halving(last: 1)');
  const message =
    /3 classes \(0 background, 1 disc, 2 rim\), but `logits` of Tiny has 2, `again` of Tiny has 2/;
  expectError(await train(both, '--set', 'classes=2'), 'classes-mismatch', message, /--set classes=3/);
  // What predicts, the first output, is not supervised here, and the head that is has the data's classes.
  const swapped = withOutput('swapped', 'output three: [B, 3, H, W] = aux(x)', 'weights(<0, 1>)', two);
  writeFileSync(swapped, readFileSync(swapped, 'utf8').replace('Conv2d(width, 2, 1)', 'Conv2d(width, 3, 1)'));
  expectError(await train(swapped, '--set', 'classes=4'), 'classes-mismatch', /but `logits` of Tiny has 4\n/);
});

test('a network whose first output is not of the image size is refused before training', async () => {
  const path = inFolder('half.arch');
  const text = readFileSync(TINY, 'utf8')
    .replace('y = head(x)', 'y = avg_pool2d(head(x), 2)')
    .replace('[B, classes, H, W] = y', '[B, classes, H / 2, W / 2] = y');
  writeFileSync(path, text);
  expectError(await train(path), 'not-segmentation', /\[2, 3, 16, 16\] to \[2, 3, 8, 8\]/);
});

test('where the loss reaches no parameter, that is said of the train section, and nothing is written', async () => {
  const spec = inFolder('no-parameters.arch');
  const section =
    'train T for M {\n  loss = cross_entropy\n  optimizer = adam(lr: 1e-3)\n  batch = 2\n  steps = 2\n}\n';
  const model = (y: string) =>
    `model M() {\n  param w: [3, 1, 1] = ones\n  input x: [B, 3, 8, 8]\n  forward { y = ${y} }\n  output o: [B, 3, 8, 8] = y\n}\n`;
  for (const text of [model('relu(x)'), model('x * detach(w)'), model('x').replace(/ {2}param.*\n/, '')]) {
    writeFileSync(spec, text + section);
    const before = tree(folder);
    const result = await archc('compile', spec, '--output', inFolder('not-made'));
    expectError(
      result,
      'nothing-to-train',
      /no-parameters\.arch:\d+: the loss of T reaches no parameter of M/,
      /param/,
    );
    expect(tree(folder)).toEqual(before);
  }
});
