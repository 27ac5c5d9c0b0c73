import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { trainingEntries } from '../../src/autodiff/entries.ts';
import { type Backend, type Executable, writeStored } from '../../src/backend/backend.ts';
import { referenceBackend } from '../../src/backend/reference.ts';
import { initialiseAll } from '../../src/compiler/initialise.ts';
import { trainSection } from '../../src/compiler/model.ts';
import { openModel } from '../../src/files/open.ts';
import { storedTensors } from '../../src/language/model.ts';
import { ops } from '../../src/ops/index.ts';
import { hyperParameters } from '../../src/recipe/optimizers.ts';

const folder = mkdtempSync(join(tmpdir(), 'archc-entries-'));
const SPEC = join(folder, 'normed.arch');
writeFileSync(
  SPEC,
  `import { BatchNorm2d, Conv2d } from "archc/lib/nn.arch"

model Normed() {
  input x: [B, 2, 6, 6]
  stem = Conv2d(2, 5, kernel_size: 3, padding: 1, bias: false)
  norm = BatchNorm2d(5)
  head = Conv2d(5, 3, kernel_size: 1)
  buffer seen: [2] = zeros
  forward {
    update seen = seen + mean(x, axes: <0, 2, 3>)
    y = head(gelu(norm(stem(x))))
  }
  output logits: [B, 3, 6, 6] = y
}

train T for Normed {
  loss = cross_entropy
  optimizer = adamw(lr: 0.01, weight_decay: 0.1, clip: 0.5)
  batch = 2
  steps = 3
}
`,
);

import { useBackend } from '../device.ts';

const device = useBackend();
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const model = openModel(SPEC, { batch: 2, training: true });
const predictor = openModel(SPEC, { batch: 2 });
const section = trainSection(model);
const batch = (phase: number) => ({
  x: Float32Array.from({ length: 144 }, (_, i) => Math.fround(Math.sin(3 * (i + phase)) + (i % 5) / 4)),
  target: Int32Array.from({ length: 72 }, (_, i) => (7 * i + phase) % 3),
});

/** Everything that lives from step to step, and what the last entries gave. */
async function stateOf(executable: Executable, state: readonly string[]) {
  const stored = storedTensors(model).map((t) => t.name);
  const kept = new Map<string, ArrayLike<number>>();
  for (const kind of ['param', 'buffer'] as const) {
    const names = stored.filter((name) => executable.has(kind, name));
    for (const [name, data] of await executable.read(kind, names)) kept.set(name, data);
  }
  for (const [name, data] of await executable.read('state', state)) kept.set(name, data);
  return new Map([...kept].map(([name, data]) => [name, Array.from(data)]));
}

/** Three steps of two micro-batches each, with averaged weights and a validation, then one that is not finite. */
async function run(backend: Backend) {
  const options = { predictor, accumulate: true, ema: true };
  const { entries, state } = trainingEntries(model, section, section.optimizer, ops, options);
  const executable = await backend.prepare(entries, model.name, model.batch);
  const output = async (entry: string, name: string) =>
    Array.from((await executable.readOutputs(entry, [name])).get(name)!);
  const feed = ({ x, target }: ReturnType<typeof batch>) => {
    executable.write('input', 'x', x);
    executable.write('input', 'target', target);
  };
  const step = (t: number, parts: readonly ReturnType<typeof batch>[]) => {
    executable.write('input', 'hyper', hyperParameters(section.optimizer, 0.01, t));
    executable.write('input', 'share', Float32Array.of(1 / parts.length));
    executable.write('input', 'decay', Float32Array.of(t === 1 ? 0 : 0.75));
    executable.run('begin');
    for (const part of parts) {
      feed(part);
      executable.run('gradients', 'accumulate');
    }
    executable.run('update', 'ema');
  };
  try {
    writeStored(executable, initialiseAll(storedTensors(model), 3));
    const told: number[] = [];
    for (const t of [1, 2, 3]) {
      step(t, [batch(t), batch(10 * t)]);
      told.push(...(await output('update', 'loss')), ...(await output('update', 'norm2')));
      feed(batch(50));
      executable.run('loss');
      told.push(...(await output('loss', 'loss')));
    }
    const before = await stateOf(executable, state);
    const bad = { ...batch(1), x: batch(1).x.map((v, i) => (i === 3 ? Number.NaN : v)) };
    step(4, [batch(2), bad]);
    expect(await output('update', 'loss')).toEqual([Number.NaN]);
    expect(await stateOf(executable, state)).toEqual(before);
    step(4, [batch(2), batch(3)]);
    return { told, before, after: await stateOf(executable, state) };
  } finally {
    executable.destroy();
  }
}

test('accumulation, averages, validation and the gate are on a device what they are in float64', async () => {
  const truth = await run(referenceBackend(ops));
  const found = await run(device());
  const close = (a: readonly number[], b: readonly number[], what: string) => {
    expect(a.length, what).toBe(b.length);
    for (const [i, v] of a.entries()) expect(Math.abs(v - b[i]), `${what} ${i}`).toBeLessThan(1e-4);
  };
  close(found.told, truth.told, 'losses and norms');
  for (const at of ['before', 'after'] as const)
    for (const [name, data] of truth[at]) close(found[at].get(name)!, data, `${name} ${at}`);
  expect(truth.before.get('norm.num_batches_tracked')).toEqual([6]);
  expect(truth.after.get('ema.0')).not.toEqual(truth.before.get('ema.0'));
  expect([...truth.before.keys()]).toContain('exp_avg_sq.0');
});
