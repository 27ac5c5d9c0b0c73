import type { Op } from '../../ir/op.ts';
import { adamwStep } from './adamw_step.ts';
import { bufferStep } from './buffer_step.ts';
import { pack } from './pack.ts';
import { sgdStep } from './sgd_step.ts';
import { sumSquares } from './sum_squares.ts';

export const optimizer: readonly Op[] = [pack, sumSquares, adamwStep, sgdStep, bufferStep];
