import type { Augmentation } from '../data/augment.ts';
import type { AugmentSpec } from '../language/model.ts';

const never = { probability: 0, low: 1, high: 1 };

/** What a `train` section's `augment` asks of the loader. */
export function augmentationOf(specs: readonly AugmentSpec[]): Augmentation | undefined {
  if (specs.length === 0) return undefined;
  const factor = (kind: 'brightness' | 'contrast') => {
    const spec = specs.find((s) => s.kind === kind);
    if (!spec || !('range' in spec)) return never;
    return { probability: spec.probability, low: 1 - spec.range, high: 1 + spec.range };
  };
  return {
    flip: specs.some((s) => s.kind === 'flips'),
    rotate: specs.some((s) => s.kind === 'rotations90'),
    brightness: factor('brightness'),
    contrast: factor('contrast'),
  };
}
