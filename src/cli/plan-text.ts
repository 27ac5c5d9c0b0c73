import { countText } from '../data/labelling.ts';
import type { Plan } from '../data/planning/plan.ts';
import type { Normalisation } from '../recipe/normalisation.ts';
import { formatCount } from './terminal.ts';

/** A plan in words, a line each. */
export function planText(plan: Plan): string[] {
  const { plan_2d: p, original_median_shape: shape, original_median_spacing: spacing } = plan;
  const [d, h, w] = shape;
  const cropped = 1 - plan.relative_size_after_cropping;
  return [
    `${plan.name}: ${formatCount(plan.cases)} cases, ${plan.channels.length} channel(s), ${countText(plan)}${plan.ignore === undefined ? '' : `, what has the value ${plan.ignore} ignored`}`,
    `median case: ${d} slice(s) of ${h}×${w} pixels, ${spacing.map(figure).join(' × ')} apart${
      cropped > 0.005 ? `, after cutting off borders of 0 (${figure(100 * cropped)} % of it)` : ''
    }`,
    ...plan.channels.map((name, c) => channelText(plan, name, c)),
    `slices: along ${axisText(plan)}; resampled to ${p.spacing.map(figure).join(' × ')}, then ${p.median_image_size_in_voxels.map(figure).join('×')} pixels in the median`,
    `patch: ${p.patch_size.join('×')}, batch: ${p.batch_size}, for ${figure(plan.memory / 1e9)} GB`,
    `network: ${p.n_stages} stages of ${p.features_per_stage.join(', ')} features, strides ${p.strides.map(strideText).join(', ')}`,
  ];
}

/** nnU-Net's plan has the coarsest axis first, whichever of the file's it is. */
function axisText({ transpose_forward: [first] }: Plan): string {
  return [
    'z, the third axis of the files',
    'y, the second axis of the files',
    'x, the first axis of the files',
  ][first];
}

const strideText = ([y, x]: readonly [number, number]) => (y === x ? String(y) : `${y}×${x}`);

function channelText({ intensity, normalisation }: Plan, name: string, c: number): string {
  const { min, median, max, mean, std } = intensity[c];
  const found = `foreground ${figure(min)} to ${figure(max)}, median ${figure(median)}, mean ${figure(mean)} ± ${figure(std)}`;
  return `channel ${c} (${name}): ${found}; ${normalisationText(normalisation[c])}`;
}

function normalisationText(n: Normalisation): string {
  switch (n.kind) {
    case 'zscore':
      return n.masked ? 'z-score of what is not 0, case by case' : 'z-score, case by case';
    case 'ct':
      return `clipped to ${figure(n.low)} to ${figure(n.high)}, then mean and deviation of the foreground`;
    case 'rescale_0_1':
      return 'scaled to 0 to 1, case by case';
    case 'rgb_0_1':
      return 'divided by 255';
    case 'none':
      return 'as it is';
  }
}

const figure = (value: number) => String(Number(value.toPrecision(4)));
