import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { initialise } from '../../src/compiler/initialise.ts';
import { openDataset } from '../../src/data/dataset.ts';
import { planFor } from '../../src/data/planning/plan.ts';
import { DEFAULT_MEMORY } from '../../src/data/planning/plan-2d.ts';
import { writePlan } from '../../src/data/planning/plan-file.ts';
import { writeLabelMap, writePng } from '../../src/data/png.ts';
import { openModel } from '../../src/files/open.ts';
import { Random } from '../../src/recipe/random.ts';
import { writeSafetensors } from '../../src/tensors/safetensors.ts';
import { float32Tensor, type Tensor } from '../../src/tensors/tensor.ts';

/** A spec that trains in a blink; its models are Narrow and, by default, Tiny. */
export const TINY = 'tests/fixtures/cli/tiny.arch';
/** What commands that take one model say of it on stderr. */
export const TINY_CHOSEN = `${TINY} has the models Narrow, Tiny: taken is the last, Tiny (another: ${TINY}:Narrow)\n`;

export type Entries = Map<string, Tensor>;

/** Weights that the spec's initialisers give. */
export function weightsOf(spec = TINY, set: Record<string, string> = {}): Entries {
  const { parameters } = openModel(spec, { set });
  return new Map(parameters.map((p) => [p.name, float32Tensor([...p.shape], initialise(p, 1))]));
}

export function writeWeights(
  path: string,
  change: (entries: Entries) => void = () => {},
  spec = TINY,
): string {
  const entries = weightsOf(spec);
  change(entries);
  writeSafetensors(path, entries);
  return path;
}

/** `x` [2, 3, 16, 16] and `target` [2, 16, 16]: class 1 where the first channel is bright, 2 where the second is. */
export function writeInputs(path: string, change: (entries: Entries) => void = () => {}): string {
  const random = Random.stream(3, 'inputs');
  const x = Float32Array.from({ length: 2 * 3 * 256 }, () => random.normal(0, 1));
  const target = Int32Array.from({ length: 2 * 256 }, (_, i) => {
    const at = Math.floor(i / 256) * 768 + (i % 256);
    return x[at] > 0.5 ? 1 : x[at + 256] > 0.5 ? 2 : 0;
  });
  const entries: Entries = new Map([
    ['x', float32Tensor([2, 3, 16, 16], x)],
    ['target', { dtype: 'I32', shape: [2, 16, 16], data: target } as Tensor],
  ]);
  change(entries);
  writeSafetensors(path, entries);
  return path;
}

/** An RGB image of noise with a bright disc (class 1) that has a rim (class 2); its label beside it. */
export function disc(width: number, height: number, seed: number): { image: Uint8Array; label: Int32Array } {
  const random = Random.stream(seed, 'disc');
  const [cy, cx, radius] = [height / 2, width / 2, Math.min(width, height) / 3];
  const image = new Uint8Array(width * height * 3);
  const label = new Int32Array(width * height);
  for (let i = 0; i < label.length; i++) {
    const away = Math.hypot(Math.floor(i / width) + 0.5 - cy, (i % width) + 0.5 - cx) / radius;
    label[i] = away < 0.8 ? 1 : away < 1 ? 2 : 0;
    for (let c = 0; c < 3; c++) {
      image[i * 3 + c] = (label[i] === 1 ? 160 : label[i] === 2 ? 90 + 30 * c : 20) + random.uniform(0, 40);
    }
  }
  return { image, label };
}

export function writeImage(path: string, width: number, height: number, seed: number): void {
  writePng(path, { width, height, channels: 3, depth: 8, data: disc(width, height, seed).image });
}

export function writeLabel(path: string, width: number, height: number, seed: number): void {
  writeLabelMap(path, { width, height, data: disc(width, height, seed).label });
}

/** A data set in nnU-Net's raw layout: four training images and two test images, of several sizes. */
export function writeDataset(folder: string): string {
  const cases = [
    ['Tr', 'a', 20, 24],
    ['Tr', 'b', 16, 16],
    ['Tr', 'c', 40, 12],
    ['Tr', 'd', 31, 17],
    ['Ts', 'e', 24, 20],
    ['Ts', 'f', 10, 30],
  ] as const;
  mkdirSync(folder, { recursive: true });
  cases.forEach(([part, id, width, height], seed) => {
    writeImage(join(folder, `images${part}`, `${id}_0000.png`), width, height, seed);
    writeLabel(join(folder, `labels${part}`, `${id}.png`), width, height, seed);
  });
  writeDatasetJson(folder, {});
  return folder;
}

export function writeDatasetJson(folder: string, changes: object): void {
  const info = {
    name: 'Discs',
    channel_names: { '0': 'R', '1': 'G', '2': 'B' },
    labels: { background: 0, disc: 1, rim: 2 },
    numTraining: 4,
    file_ending: '.png',
  };
  writeFileSync(join(folder, 'dataset.json'), JSON.stringify({ ...info, ...changes }));
}

/**
 * Writes a plan for a data set whose figures are made up (`archc data plan` draws 10^8 samples of each channel), and
 * gives its path.
 *
 * @param shape of each case, [D, H, W]; `spacing` likewise
 */
export function writeTinyPlan(
  path: string,
  folder: string,
  shape: readonly [number, number, number] = [1, 18, 20],
  spacing: readonly [number, number, number] = [999, 1, 1],
): string {
  const dataset = openDataset(folder);
  const figures = {
    max: 255,
    mean: 100,
    median: 90,
    min: 0,
    percentile_00_5: 1,
    percentile_99_5: 250,
    std: 50,
  };
  const found = {
    shapes_after_crop: dataset.training.map(() => shape),
    spacings: dataset.training.map(() => spacing),
    relative_size_after_cropping: 1,
    intensity: Object.fromEntries(dataset.channels.map((_, c) => [String(c), figures])),
  };
  writePlan(path, planFor(dataset, found, '', DEFAULT_MEMORY));
  return path;
}
