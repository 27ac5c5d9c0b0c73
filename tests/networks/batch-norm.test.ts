import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeStored } from '../../src/backend/backend.ts';
import { referenceBackend } from '../../src/backend/reference.ts';
import { openModel } from '../../src/files/open.ts';
import { ops } from '../../src/ops/index.ts';
import { readSafetensors, writeSafetensors } from '../../src/tensors/safetensors.ts';
import { float32Tensor, type Tensor, toFloat32 } from '../../src/tensors/tensor.ts';
import { readWeights } from '../../src/training/weights-file.ts';
import { archc } from '../cli/archc.ts';
import { deviceBackend, useBackend } from '../device.ts';

const folder = fileURLToPath(new URL('../fixtures/batch_norm/', import.meta.url));
const spec = join(folder, 'batch_norm.arch');
const fixture = readSafetensors(join(folder, 'batch_norm.safetensors')).tensors;

/** The tensors of a group, under their names in it. */
const group = (name: string): [string, Tensor][] =>
  [...fixture].flatMap(([key, t]) => (key.startsWith(`${name}/`) ? [[key.slice(name.length + 1), t]] : []));

let work = '';
const at = (name: string) => join(work, name);
const read = (name: string) => readSafetensors(at(name)).tensors;
const device = useBackend();

beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'archc-batch-norm-'));
  writeSafetensors(at('weights.safetensors'), group('w'));
  const trained = group('trained').map(([name, t]): [string, Tensor] =>
    t.dtype === 'I64' ? [name, t] : [name, float32Tensor(t.shape, toFloat32(t))],
  );
  writeSafetensors(at('trained.safetensors'), trained);
  writeSafetensors(at('input.safetensors'), [
    ['x', fixture.get('x')!],
    ['target', fixture.get('target')!],
  ]);
});

afterAll(() => {
  rmSync(work, { recursive: true, force: true });
});

/** Largest difference over the largest expected value. */
function difference(found: ArrayLike<number>, name: string): number {
  const expected = toFloat64(fixture.get(name)!);
  expect(found.length).toBe(expected.length);
  const largest = Math.max(...expected.map(Math.abs));
  return Math.max(...expected.map((v, i) => Math.abs(v - found[i]))) / largest;
}

const toFloat64 = (t: Tensor) => Array.from(t.data as ArrayLike<number | bigint>, Number);

const largestGradient = Math.max(...group('g').flatMap(([, t]) => toFloat64(t).map(Math.abs)));

describe.each([
  // A float64 reference writes float32, which is 6e-8 off.
  ['reference', { output: 1e-6, gradient: 1e-9, trained: 1e-6, loss: 1e-6 }],
  [deviceBackend, { output: 1e-4, gradient: 1e-6, trained: 1e-3, loss: 1e-4 }],
] as const)('PyTorch on the %s backend', (name, tolerance) => {
  const run = (command: string, weights: string, ...more: string[]) =>
    archc(
      ...[command, spec, '--weights', at(weights), '--input', at('input.safetensors')],
      ...['--output', at('out.safetensors'), '--json', ...more],
      ...['--backend', name],
    );

  test('normalises by the batch in training', async () => {
    const model = openModel(spec, { batch: 2, training: true, stochastic: false });
    const backend = name === 'reference' ? referenceBackend(ops) : device();
    const y = model.graph.nodes.find((n) => n.op === 'channel_norm')!.outputs[0];
    const graph = { ...model.graph, outputs: [{ name: 'y', value: y }] };
    const executable = await backend.prepare({ forward: graph }, model.name, 2);
    writeStored(executable, readWeights(model, at('weights.safetensors')));
    executable.write('input', 'image', toFloat32(fixture.get('x')!));
    executable.run('forward');
    expect(difference((await executable.readOutputs('forward', ['y'])).get('y')!, 'train_y')).toBeLessThan(
      tolerance.output,
    );
    executable.destroy();
  });

  test('has its gradients', async () => {
    expect((await run('grad', 'weights.safetensors')).code).toBe(0);
    const gradients = read('out.safetensors');
    for (const [key, expected] of group('g')) {
      const found = toFloat32(gradients.get(`g/${key}`)!);
      const largest = Math.max(...toFloat64(expected).map(Math.abs));
      const allowed = (name === 'reference' ? 1e-6 : 1e-4) * largest + tolerance.gradient * largestGradient;
      const off = Math.max(...toFloat64(expected).map((v, i) => Math.abs(v - found[i])));
      expect(off, key).toBeLessThanOrEqual(allowed);
    }
  });

  test('trains as it does, running statistics and counter included', async () => {
    const { code } = await run(
      ...['fit', 'weights.safetensors', '--steps', '20', '--lr', '1e-2'],
      ...(['--weight-decay', '0.05', '--eps', '1e-5'] as const),
    );
    expect(code).toBe(0);
    const out = read('out.safetensors');
    expect(difference(toFloat32(out.get('loss')!), 'loss')).toBeLessThan(tolerance.loss);
    const names = group('trained').map(([key]) => key);
    expect(names).toContain('norm.running_var');
    for (const key of names) {
      const found = out.get(`trained/${key}`)!;
      expect(found.shape).toEqual(fixture.get(`trained/${key}`)!.shape);
      expect(difference(toFloat32(found), `trained/${key}`), key).toBeLessThan(tolerance.trained);
    }
    expect(out.get('trained/norm.num_batches_tracked')).toMatchObject({ dtype: 'I64', shape: [] });
    expect(toFloat64(out.get('trained/norm.num_batches_tracked')!)).toEqual([20]);
  });

  test('runs by the running statistics', async () => {
    expect((await run('run', 'trained.safetensors')).code).toBe(0);
    expect(difference(toFloat32(read('out.safetensors').get('y0')!), 'eval_y')).toBeLessThan(
      tolerance.output,
    );
  });
});
