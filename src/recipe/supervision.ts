import { pow } from '../math.ts';
import { type Form, numberOrNone, numbers, type Values } from './setting.ts';

type Args = Form['args'];

/** How much the loss of each of several outputs counts. */
export interface Supervision<A extends Args = Args> extends Form {
  readonly args: A;
  /** One weight an output, finest first; they are normalised to sum 1 afterwards. */
  weigh(args: Values<A>, outputs: number): readonly number[];
}

const supervision = <A extends Args>(entry: Supervision<A>): Supervision<A> => entry;

export const supervisions = {
  halving: supervision({
    args: { last: numberOrNone('the weight of the last of several outputs', { least: 0, f32: true }) },
    doc: 'Output i, finest first, has the weight 1/2^i, as in nnU-Net; without `last` the last one too.',
    example: 'supervise = halving(last: 0)',
    weigh: ({ last }, outputs) =>
      Array.from({ length: outputs }, (_, i) =>
        i > 0 && i === outputs - 1 && last !== undefined ? last : pow(2, -i),
      ),
  }),
  weights: supervision({
    args: { values: numbers('one weight an output, finest first', { least: 0, f32: true }) },
    doc: 'The weights as they are given. An output of weight 0 takes no part in the loss.',
    example: 'supervise = weights(<1>)',
    weigh: ({ values }) => values,
  }),
};
