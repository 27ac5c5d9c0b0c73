import type { LabelledSlice } from '../data/case.ts';
import { type ClassImage, readClassImage } from '../data/class-folders.ts';
import { centreCrop, crop } from '../data/crop.ts';
import { type Labels, labelsOf, type Targets } from '../data/target.ts';
import { windowPlaces } from '../evaluation/windows.ts';
import { Random } from '../recipe/random.ts';

/** Held-back samples, the same in the same order each time. */
export interface ValidationData {
  readonly count: number;
  /** x [C, H, W] and labels, [H, W] or [1] for a classifier. */
  sample(index: number): Labels & { readonly x: Float32Array };
  /** Lets go of files that are open. */
  close?(): void;
}

/** Slices of one size, which are read when they are asked for. */
export interface SliceStack {
  readonly depth: number;
  readonly height: number;
  readonly width: number;
  slice(z: number): LabelledSlice;
}

export interface ValidationOptions {
  readonly seed: number;
  readonly batch: number;
  /** Batches at most; of more a seeded choice is taken. */
  readonly batches: number;
}

export interface WindowOptions {
  readonly height: number;
  readonly width: number;
  /** What is made of the class ids of label maps. */
  readonly labels: Targets;
}

/** Windows that tile held-back slices: every pixel lies in one. */
export function windowsOf(
  stacks: readonly SliceStack[],
  { height, width, labels, ...options }: ValidationOptions & WindowOptions,
): ValidationData {
  const tiles = stacks.map((stack) => windowPlaces([stack.height, stack.width], [height, width], 1));
  /** The number of the first window of each stack, and of all of them. */
  const first = [0];
  for (const [i, { depth }] of stacks.entries()) first.push(first[i] + depth * tiles[i].length);
  const chosen = chosenOf(first[stacks.length], options);
  return {
    count: chosen.length,
    sample: (index) => {
      const window = chosen[index];
      const at = first.findLastIndex((start) => start <= window);
      const z = Math.floor((window - first[at]) / tiles[at].length);
      const [top, left] = tiles[at][(window - first[at]) % tiles[at].length];
      const { image, label } = crop(stacks[at].slice(z), top, left, height, width);
      return { x: image, ...labelsOf(labels, label) };
    },
  };
}

/** Numbers of the samples that are validated on, of so many. */
function chosenOf(count: number, { seed, batch, batches }: ValidationOptions): number[] {
  const all = Array.from({ length: count }, (_, i) => i);
  const most = batches * batch;
  return count <= most ? all : Random.stream(seed, 'validation').shuffle(all).slice(0, most);
}

interface Size {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** What is made of classes. */
  readonly labels: Targets;
}

/** The middle of each held-back image, as tests take it. Images are read each time: they may be many. */
export function middlesOf(
  images: readonly ClassImage[],
  { channels, height, width, labels, ...options }: ValidationOptions & Size,
): ValidationData {
  const size = { channels, height, width };
  const chosen = chosenOf(images.length, options);
  return {
    count: chosen.length,
    sample: (index) => {
      const { path, label } = images[chosen[index]];
      const { image } = centreCrop(readClassImage(path, size), size.height, size.width);
      return { x: image, ...labelsOf(labels, [label]) };
    },
  };
}
