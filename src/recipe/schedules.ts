import { cosPi, pow } from '../math.ts';
import { type Chosen, type Form, number, type Setting, type Values, whole } from './setting.ts';

type Args = Form['args'];

/** How the learning rate changes from step to step. */
export interface Schedule<A extends Args = Args> extends Form {
  readonly args: A;
  /** The rate at `progress` in [0, 1), what is done of the steps after the warm-up. */
  rate(args: Values<A>, lr: number, progress: number): number;
  /** No rate depends on how many steps there are. */
  readonly steady?: true;
}

const schedule = <A extends Args>(entry: Schedule<A>): Schedule<A> => entry;

const warmup = whole('steps in which the rate rises to `lr` first, in equal parts', 0, 0);

export const schedules = {
  constant: schedule({
    args: {},
    doc: 'The same learning rate at every step.',
    example: 'schedule = constant',
    rate: (_, lr) => lr,
    steady: true,
  }),
  cosine: schedule({
    args: { to: number('what the rate would reach after the last step', { least: 0, f32: true }, 0), warmup },
    doc: 'From `lr` towards `to` along half a cosine (Loshchilov and Hutter 2017, arXiv 1608.03983).',
    example: 'schedule = cosine(to: 1e-6, warmup: 100)',
    rate: ({ to }, lr, progress) => to + 0.5 * (lr - to) * (1 + cosPi(progress)),
  }),
  poly: schedule({
    args: { power: number('the exponent', { above: 0 }, 0.9), warmup },
    doc: "nnU-Net's lr · (1 − t / steps)^power.",
    example: 'schedule = poly(power: 0.9)',
    rate: ({ power }, lr, progress) => lr * pow(1 - progress, power),
  }),
} satisfies Readonly<Record<string, { readonly args: { readonly warmup?: Setting<number> } }>>;

/** A schedule with all its arguments. */
export type ScheduleSpec = Chosen<typeof schedules>;

/** What the table says of a schedule. */
export const scheduleOf = (spec: ScheduleSpec): Schedule => schedules[spec.kind] as Schedule;

/** Learning rate of step `t` (from 0) of `steps`. */
export function learningRate(spec: ScheduleSpec, lr: number, t: number, steps: number): number {
  const warmup = 'warmup' in spec ? spec.warmup : 0;
  if (t < warmup) return (lr * (t + 1)) / warmup;
  return scheduleOf(spec).rate(spec, lr, (t - warmup) / Math.max(steps - warmup, 1));
}
