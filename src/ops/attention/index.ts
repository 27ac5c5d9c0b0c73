import type { Op } from '../../ir/op.ts';
import { softmax, softmaxBackward } from './softmax.ts';

export const attention: readonly Op[] = [softmax, softmaxBackward];
