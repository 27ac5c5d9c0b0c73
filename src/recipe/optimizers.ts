import { pow } from '../math.ts';
import {
  type Chosen,
  type Form,
  flag,
  number,
  numberOrNone,
  pair,
  type Setting,
  type Values,
} from './setting.ts';

type Attribute = number | boolean | readonly number[];
type Args = Form['args'] & {
  readonly lr: Setting<number>;
  readonly clip: Setting<number | undefined>;
};

/** Places of the numbers in `hyper`: those that change with every step, computed on the host in float64. */
const places = { rate: 0, correction1: 1, correction2: 2, first: 3 } as const;
/** Length of `hyper`; places that no optimizer uses are 0. */
export const HYPER_LENGTH = 8;

type Hyper = Partial<Record<Exclude<keyof typeof places, 'rate'>, number>>;

/**
 * An optimizer: one op that takes parameters, gradients, its state, `hyper`, norm and loss, and gives the parameters
 * and the state anew. Its arguments, apart from the learning rate, are the op's attributes.
 */
export interface Optimizer<A extends Args = Args> extends Form {
  readonly args: A;
  readonly op: string;
  /** Its state, each of the parameters' size and 0 at first, under the names of torch.optim. */
  readonly state: readonly string[];
  /** Attributes of the op that are not arguments. */
  readonly attrs: Readonly<Record<string, boolean>>;
  /** What step `t` (from 1) needs besides the learning rate. */
  hyper(args: Values<A>, t: number): Hyper;
  /** An argument that does not go with the others. */
  refuses?(args: Values<A>): { readonly name: string; readonly expected: string } | undefined;
}

const optimizer = <A extends Args>(entry: Optimizer<A>): Optimizer<A> => entry;

const lr = number('learning rate', { least: 0, f32: true });
const decay = (otherwise: number) =>
  number(
    'how much weights shrink with each step, times the learning rate',
    { least: 0, f32: true },
    otherwise,
  );
const clip = numberOrNone('largest norm of all gradients together; left out, they are not clipped', {
  above: 0,
  f32: true,
});
const adamArgs = (weight_decay: Setting<number>) => ({
  lr,
  weight_decay,
  betas: pair('decay of the means of gradients and of their squares', { least: 0, below: 1 }, [0.9, 0.999]),
  eps: number('added to the root of the mean square', { least: 0, f32: true }, 1e-8),
  clip,
});
const adamState = ['exp_avg', 'exp_avg_sq'];
/** Adam's bias corrections 1 − β^t (Kingma and Ba 2015, algorithm 1). */
const corrections = (
  { betas: [b1, b2] }: { readonly betas: readonly [number, number] },
  t: number,
): Hyper => ({
  correction1: 1 - pow(b1, t),
  correction2: 1 - pow(b2, t),
});

export const optimizers = {
  adamw: optimizer({
    args: adamArgs(decay(0.01)),
    doc: 'AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101) as torch.optim.AdamW: weight decay apart from the gradient.',
    example: 'optimizer = adamw(lr: 1e-4, weight_decay: 0.05, clip: 12)',
    op: 'adamw_step',
    state: adamState,
    attrs: { decoupled: true },
    hyper: corrections,
  }),
  adam: optimizer({
    args: adamArgs(decay(0)),
    doc: 'Adam (Kingma and Ba 2015, arXiv 1412.6980) as torch.optim.Adam: weight decay is part of the gradient.',
    example: 'optimizer = adam(lr: 1e-3)',
    op: 'adamw_step',
    state: adamState,
    attrs: { decoupled: false },
    hyper: corrections,
  }),
  sgd: optimizer({
    args: {
      lr,
      momentum: number('how much of the last step goes on', { least: 0, f32: true }, 0),
      nesterov: flag('looks ahead by the momentum'),
      weight_decay: decay(0),
      clip,
    },
    doc: 'Stochastic gradient descent with momentum (Sutskever et al. 2013) as torch.optim.SGD: weight decay is part of the gradient.',
    example: 'optimizer = sgd(lr: 1e-2, momentum: 0.99, nesterov: true)',
    op: 'sgd_step',
    state: ['momentum_buffer'],
    attrs: {},
    hyper: (_, t) => ({ first: t === 1 ? 1 : 0 }),
    refuses: ({ nesterov, momentum }) =>
      nesterov && momentum === 0 ? { name: 'nesterov', expected: 'false without momentum' } : undefined,
  }),
};

/** An optimizer with all its arguments. */
export type OptimizerSpec = Chosen<typeof optimizers>;

/** The entry that a spec was made of; it takes the spec for its arguments. */
export const optimizerOf = (spec: OptimizerSpec): Optimizer => optimizers[spec.kind] as Optimizer;

/** Attributes of the optimizer's op. There is no clipping at 0. */
export function stepAttributes(spec: OptimizerSpec): Readonly<Record<string, Attribute>> {
  const { kind: _, lr: __, clip = 0, ...settings } = spec;
  return { ...settings, clip, ...optimizerOf(spec).attrs };
}

/** The `hyper` input of step `t` (from 1), at learning rate `rate`. */
export function hyperParameters(spec: OptimizerSpec, rate: number, t: number): Float32Array {
  const hyper = new Float32Array(HYPER_LENGTH);
  hyper[places.rate] = rate;
  for (const [name, value] of Object.entries(optimizerOf(spec).hyper(spec, t)))
    hyper[places[name as keyof Hyper]] = value;
  return hyper;
}
