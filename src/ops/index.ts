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

const families: readonly (readonly Op[])[] = [
  arithmetic,
  activations,
  contraction,
  convolution,
  normalisation,
  scan,
  layout,
  reduction,
  pooling,
  attention,
  regularisation,
  loss,
  optimizer,
];

/** Every op, by name. */
export const ops: OpTable = new Map(families.flat().map((op) => [op.name, op]));
