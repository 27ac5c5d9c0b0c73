import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { PreprocessedDataset } from '../../src/data/cache/preprocessed-dataset.ts';
import { readLabels } from '../../src/data/image.ts';
import type { Plan } from '../../src/data/planning/plan.ts';
import { readPng } from '../../src/data/png.ts';
import { type CompiledModel, openProgram } from '../../src/runtime/compiled-model.ts';
import type { RawImage } from '../../src/runtime/image.ts';
import type { RunningModel } from '../../src/runtime/running-model.ts';
import { CpuDevice } from '../../src/runtime/wasm/cpu-device.ts';
import { archc, temporaryFolder } from '../cli/archc.ts';
import { TINY, writeDataset } from '../cli/tiny.ts';
import { compiled, type Json, jsonOf, signed } from './compiled.ts';
import { type Trained, trainedOnVolumes } from './segmenter.ts';

const folder = temporaryFolder();
const at = (name: string) => join(folder, name);
const device = new CpuDevice({ threads: 1 });

let trained: Trained;
let program: CompiledModel;
beforeAll(async () => {
  trained = await trainedOnVolumes(at('volumes'));
  program = await openProgram(trained.files);
});

async function started<T>(opened: CompiledModel, use: (model: RunningModel) => Promise<T>): Promise<T> {
  const model = await opened.start(device);
  try {
    return await use(model);
  } finally {
    model.destroy();
  }
}

const changedFacts = (
  files: ReadonlyMap<string, Uint8Array>,
  change: (facts: Record<string, Json>) => void,
) => {
  const document = JSON.parse(jsonOf(files)) as { facts: Record<string, Json> };
  change(document.facts);
  return signed(files, document);
};

describe('a program of weights trained by a plan', () => {
  test('says what they were trained on', () => {
    const { transpose_forward, normalisation, plan_2d } = JSON.parse(
      readFileSync(trained.plan, 'utf8'),
    ) as Plan;
    expect(transpose_forward).toEqual([1, 0, 2]);
    expect(normalisation.map(({ kind }) => kind)).toEqual(['ct', 'zscore', 'rescale_0_1', 'rgb_0_1', 'none']);
    expect(normalisation[1]).toEqual({ kind: 'zscore', masked: true });
    expect(program.facts.trainedOn).toEqual({
      channels: ['CT', 'MR', 'rescale_to_0_1', 'rgb_to_0_1', 'noNorm'],
      classes: [
        { name: 'background', value: 0 },
        { name: 'core', value: 3 },
        { name: 'rim', value: 7 },
      ],
      plan: { transpose_forward, normalisation, plan_2d: { spacing: plan_2d.spacing } },
    });
  });

  test('makes of an image the very numbers that the preprocessed cases hold', () => {
    const cache = new PreprocessedDataset(trained.cache);
    for (const [i, { id }] of cache.cases.entries()) {
      const found = program.preprocess(trained.cases.find((one) => one.id === id)!);
      const opened = cache.open(i);
      const [depth, height, width] = opened.record.shape;
      expect(found.shape).toEqual([depth, 5, height, width]);
      const each = 5 * height * width;
      for (let z = 0; z < depth; z++)
        expect(found.data.subarray(z * each, (z + 1) * each)).toEqual(opened.slice(z).image);
      opened.close();
    }
    // One of them was resampled, and all were cut.
    expect(cache.cases.map(({ shape }) => shape)).toEqual([
      [5, 19, 21],
      [6, 21, 24],
      [4, 21, 17],
    ]);
  });

  test('segments an image as archc predict does', async () => {
    const image = trained.cases[3];
    const found = await started(program, (model) => model.segment(image, { mirror: true }));
    expect(found.shape).toEqual(image.shape);
    expect(found.classes).toEqual(program.facts.trainedOn!.classes);
    expect([...found.labels]).toEqual([...(trained.predicted as ArrayLike<number> & Iterable<number>)]);
    expect([...new Set(found.labels)].sort()).toEqual([0, 3, 7]);
  });

  test('refuses what it cannot take, and says what it takes', async () => {
    const { data, shape, spacing } = trained.cases[3];
    const holed = data.slice();
    holed[7] = Number.NaN;
    const wrong: readonly (readonly [RawImage, RegExp])[] = [
      [{ data, shape }, /size of its voxels is not known/],
      [{ data, shape, spacing: [1, 1] }, /spacing is \[1, 1\]/],
      [{ data, shape, spacing: [1, 0, 1] }, /spacing is \[1, 0, 1\]/],
      [{ data: data.subarray(1), shape, spacing }, /13799 values/],
      [{ data, shape: [4, ...shape], spacing }, /shape is \[4, 20, 6, 23\]/],
      [{ data: Float64Array.from(data) as unknown as Float32Array, shape, spacing }, /another type/],
      [{ data: holed, shape, spacing }, /a voxel is NaN/],
    ];
    await started(program, async (model) => {
      for (const [image, message] of wrong) {
        await expect(model.segment(image)).rejects.toMatchObject({ code: 'bad-image', message });
        expect(() => program.preprocess(image)).toThrow(message);
      }
      const step = model.segment({ data, shape, spacing }, { step: 0 });
      await expect(step).rejects.toMatchObject({ code: 'bad-image', message: /step from window to window/ });
    });
    const missing = thrownBy(() => program.preprocess({ data, shape }));
    expect(missing).toMatchObject({ hint: /D, H and W.*pixels of 1.5×1/ });
  });

  test('of the format before goes on to predict, and says that it does not know how images are preprocessed', async () => {
    const document = JSON.parse(jsonOf(trained.files)) as Record<string, Json>;
    const { trainedOn: _, ...facts } = document['facts'] as Record<string, Json>;
    const older = await openProgram(signed(trained.files, { ...document, format: 3, facts }));
    expect(older.facts.trainedOn).toBeUndefined();
    const windows = { image: Float32Array.from({ length: 4 * 5 * 256 }, (_, i) => Math.sin(i)) };
    await started(older, async (model) => {
      await expect(model.segment(trained.cases[3])).rejects.toMatchObject({ code: 'unknown-preprocessing' });
      const { logits } = await model.predict(windows);
      await started(program, async (now) => expect((await now.predict(windows)).logits).toEqual(logits));
    });
  });

  test('is refused where what it says of that does not fit the network, or makes no sense', async () => {
    const changes: readonly (readonly [string, (on: Record<string, Json>) => void])[] = [
      ['program-bounds', (on) => (on['classes'] as Json[]).pop()],
      ['program-bounds', ({ plan }) => (plan as Record<string, Json[]>)['normalisation'].pop()],
      ['program-bounds', ({ plan }) => Object.assign(plan as object, { transpose_forward: [0, 0, 2] })],
      ['program-format', ({ plan }) => Object.assign(plan as object, { transpose_forward: [0, 1, 3] })],
      ['program-format', ({ plan }) => Object.assign(plan as object, { plan_2d: { spacing: [1, 0] } })],
      [
        'program-format',
        ({ plan }) => Object.assign((plan as Record<string, Json[]>)['normalisation'][0]!, { std: 'x' }),
      ],
      [
        'program-format',
        ({ plan }) => Object.assign((plan as Record<string, Json[]>)['normalisation'][4]!, { std: 1 }),
      ],
      ['program-format', (on) => Object.assign(on, { regions: [] })],
    ];
    for (const [code, change] of changes) {
      const forged = changedFacts(trained.files, (facts) =>
        change(facts['trainedOn'] as Record<string, Json>),
      );
      await expect(openProgram(forged)).rejects.toMatchObject({ code });
    }
  });

  test('whose weights give NaN says so', async () => {
    const weights = trained.files.get('weights.safetensors')!.slice();
    // The last bytes are those of a parameter.
    weights.fill(0xff, weights.length - 4);
    const opened = await program.start(device, { weights });
    await expect(opened.segment(trained.cases[3])).rejects.toMatchObject({ code: 'non-finite-prediction' });
    opened.destroy();
  });
});

describe('a program of weights trained on images as they are', () => {
  let raw: CompiledModel;
  let rawFiles: Map<string, Uint8Array>;
  beforeAll(async () => {
    const data = writeDataset(at('discs'));
    const cpu = ['--backend', 'cpu'];
    const { code, stderr } = await archc('train', TINY, '--data', data, '--output', at('raw-run'), ...cpu);
    expect(code, stderr).toBe(0);
    rawFiles = await compiled(at('raw'), at('raw-run'), '--target', 'cpu', '--inference');
    raw = await openProgram(rawFiles);
  });

  test('z-scores each channel, and segments as archc predict does', async () => {
    const args = ['--input', at('discs/imagesTs'), '--output', at('raw-maps'), '--backend', 'cpu'];
    const predicted = await archc('predict', at('raw-run'), ...args);
    expect(predicted.code, predicted.stderr).toBe(0);
    for (const id of ['e', 'f']) {
      const { width, height, data: pixels } = readPng(at(`discs/imagesTs/${id}_0000.png`));
      const plane = width * height;
      const data = Float32Array.from(
        { length: 3 * plane },
        (_, i) => pixels[(i % plane) * 3 + Math.floor(i / plane)],
      );
      const image: RawImage = { data, shape: [height, width] };
      const { shape, data: slices } = raw.preprocess(image);
      expect(shape).toEqual([1, 3, height, width]);
      for (let c = 0; c < 3; c++) {
        const values = [...slices.subarray(c * plane, (c + 1) * plane)];
        const mean = values.reduce((sum, v) => sum + v, 0) / plane;
        expect(mean).toBeCloseTo(0, 5);
        expect(values.reduce((sum, v) => sum + v * v, 0) / plane).toBeCloseTo(1, 5);
      }
      const found = await started(raw, (model) => model.segment(image));
      expect([...found.labels]).toEqual([...readLabels(at(`raw-maps/${id}.png`)).data]);
    }
  });

  test('of regions: each is painted where its logit is above 0, later ones over those before', async () => {
    const regions = [
      { name: 'disc', values: [1, 2], painted: 1 },
      { name: 'rim', values: [2], painted: 2 },
      { name: 'core', values: [1], painted: 1 },
    ];
    const forged = changedFacts(rawFiles, (facts) => Object.assign(facts['trainedOn']!, { regions }));
    const opened = await openProgram(forged);
    // One window: no averages.
    const image = { data: Float32Array.from({ length: 768 }, (_, i) => (i * 7919) % 256), shape: [16, 16] };
    await started(opened, async (running) => {
      const { logits } = await running.predict({ image: opened.preprocess(image).data });
      const painted = Array.from({ length: 256 }, (_, i) => {
        const last = regions.findLast((_, r) => logits.data[r * 256 + i] > 0);
        return last?.painted ?? 0;
      });
      expect([...(await running.segment(image)).labels]).toEqual(painted);
      expect(new Set(painted)).toEqual(new Set([0, 1, 2]));
    });
    const others = [{ name: 'disc', values: [1, 9], painted: 1 }, ...regions.slice(1)];
    for (const wrong of [others, regions.slice(1)]) {
      const unlike = changedFacts(rawFiles, (facts) =>
        Object.assign(facts['trainedOn']!, { regions: wrong }),
      );
      await expect(openProgram(unlike)).rejects.toMatchObject({ code: 'program-bounds' });
    }
  });

  test('whose first output has a target of its own gives the classes of that', async () => {
    const classes = ['background', 'a', 'b'].map((name, i) => ({ name, value: 10 * i }));
    const forged = changedFacts(rawFiles, (facts) =>
      Object.assign(facts['trainedOn']!, { heads: { logits: { classes } } }),
    );
    const image = { data: Float32Array.from({ length: 768 }, (_, i) => (i * 7919) % 256), shape: [16, 16] };
    const own = await started(await openProgram(forged), (running) => running.segment(image));
    const plain = await started(raw, (running) => running.segment(image));
    expect(own.classes).toEqual(classes);
    expect([...own.labels]).toEqual([...plain.labels].map((value) => 10 * value));
    const fewer = changedFacts(rawFiles, (facts) =>
      Object.assign(facts['trainedOn']!, { heads: { logits: { classes: classes.slice(1) } } }),
    );
    await expect(openProgram(fewer)).rejects.toMatchObject({ code: 'program-bounds' });
  });

  test('of initial values is not told from what', async () => {
    const opened = await openProgram(await compiled(at('initial'), TINY, '--target', 'cpu', '--inference'));
    const image = { data: new Float32Array(3 * 400), shape: [20, 20] };
    const error = await started(opened, (running) => running.segment(image).catch((e: unknown) => e));
    expect(error).toMatchObject({ code: 'unknown-preprocessing', hint: /archc train/ });
  });
});

/** What is thrown. */
function thrownBy(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}
