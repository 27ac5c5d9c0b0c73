import { expect, it } from 'vitest';
import type { Executable } from '../backend/backend.ts';
import type { ElaboratedModel, TrainSection } from '../language/model.ts';
import { ImageInputs } from './image-inputs.ts';
import { Validator } from './validation.ts';

/** A network of two classes on images of four pixels, two at once, that predicts class 1 where a pixel is above 0. */
const predictor = {
  inputs: [{ name: 'image' }],
  outputs: [{ name: 'out', value: 0 }],
  graph: { values: [{ shape: [2, 2, 1, 4] }] },
} as unknown as ElaboratedModel;

const inputs = new ImageInputs(predictor, 1, [[0]]);

const section = { loss: [{ kind: 'cross_entropy' }], supervise: [1] } as unknown as TrainSection;

function device(): Executable {
  const written = new Map<string, Float32Array>();
  const found = {
    write: (_: string, name: string, data: Float32Array) => written.set(name, data),
    has: () => true,
    run: () => {},
    readOutputs: async () => {
      const x = written.get('image')!;
      const prediction = new Float32Array(16);
      for (let b = 0; b < 2; b++) for (let i = 0; i < 4; i++) prediction[b * 8 + 4 + i] = x[b * 4 + i];
      return new Map([
        ['loss', Float32Array.of(0.5)],
        ['prediction', prediction],
      ]);
    },
  };
  return found as unknown as Executable;
}

it('counts neither pixels without a class nor what fills up the last batch', async () => {
  const samples = [
    { x: Float32Array.of(1, 1, -1, 1), target: Int32Array.of(1, 0, 1, -1) },
    { x: Float32Array.of(1, -1, -1, -1), target: Int32Array.of(1, 0, -1, -1) },
    { x: Float32Array.of(1, 1, -1, -1), target: Int32Array.of(-1, 1, 0, 0) },
  ];
  const validator = new Validator(predictor, section, { count: 3, sample: (i) => samples[i] }, inputs);
  // Of class 1: right are 1 + 1 + 1, one is too much, one is missing.
  expect(await validator.score(device())).toEqual({ loss: 0.5, score: 6 / 8, classes: [6 / 8] });
});

it('of regions the sign of each logit is compared with its bit, and what is ignored with none', async () => {
  // Channel 0 has logits of 0, channel 1 those of the pixels: the first region is nowhere found.
  const samples = [
    { x: Float32Array.of(1, 1, -1, 1), target: Int32Array.of(0b10, 0b11, 0b10, -1) },
    { x: Float32Array.of(1, -1, -1, -1), target: Int32Array.of(0b00, 0b00, -1, 0b01) },
  ];
  const regions = { ...section, loss: [{ kind: 'binary_cross_entropy', weight: 1 }] } as const;
  const validator = new Validator(predictor, regions, { count: 2, sample: (i) => samples[i] }, inputs);
  // Two pixels of the first are missing. Of the second two are right, one is too much, one is missing.
  const classes = [0, 4 / 6];
  expect(await validator.score(device())).toEqual({ loss: 0.5, score: (0 + 4 / 6) / 2, classes });
});
