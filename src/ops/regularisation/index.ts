import type { Op } from '../../ir/op.ts';
import { dropPath, dropPathMask } from './drop_path.ts';

export const regularisation: readonly Op[] = [dropPath, dropPathMask];
