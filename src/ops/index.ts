import type { Op, OpTable } from '../ir/op.ts';
import { activations } from './activation/index.ts';
import { arithmetic } from './arithmetic/index.ts';
import { attention } from './attention/index.ts';
import { contraction } from './contraction/index.ts';
import { convolution } from './convolution/index.ts';
import { layout } from './layout/index.ts';
import { loss } from './loss/index.ts';
import { normalisation } from './normalisation/index.ts';
import { optimizer } from './optimizer/index.ts';
import { pooling } from './pooling/index.ts';
import { reduction } from './reduction/index.ts';
import { regularisation } from './regularisation/index.ts';
import { scan } from './scan/index.ts';

/** The ops by family, in the order of docs/ops.md. */
export const opFamilies: readonly { readonly title: string; readonly ops: readonly Op[] }[] = [
  { title: 'Arithmetic', ops: arithmetic },
  { title: 'Activations', ops: activations },
  { title: 'Contractions', ops: contraction },
  { title: 'Convolutions', ops: convolution },
  { title: 'Normalisation', ops: normalisation },
  { title: 'Selective scan', ops: scan },
  { title: 'Layout', ops: layout },
  { title: 'Reductions', ops: reduction },
  { title: 'Pooling and resizing', ops: pooling },
  { title: 'Attention', ops: attention },
  { title: 'Regularisation', ops: regularisation },
  { title: 'Losses', ops: loss },
  { title: 'Optimizers', ops: optimizer },
];

/** Every op, by name. */
export const ops: OpTable = new Map(opFamilies.flatMap((family) => family.ops.map((op) => [op.name, op])));
