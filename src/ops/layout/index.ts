import type { Op } from '../../ir/op.ts';
import { expand } from './expand.ts';
import { full } from './full.ts';
import { reshape } from './reshape.ts';

export const layout: readonly Op[] = [reshape, expand, full];
