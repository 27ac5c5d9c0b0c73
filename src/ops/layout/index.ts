import type { Op } from '../../ir/op.ts';
import { again } from './again.ts';
import { concat, place } from './concat.ts';
import { expand } from './expand.ts';
import { flip } from './flip.ts';
import { full } from './full.ts';
import { pad } from './pad.ts';
import { join, part } from './part.ts';
import { patch_expand, patch_merge } from './patch.ts';
import { permute, transpose } from './permute.ts';
import { reshape } from './reshape.ts';
import { roll } from './roll.ts';
import { slice } from './slice.ts';
import { split } from './split.ts';

export const layout: readonly Op[] = [
  reshape,
  expand,
  full,
  permute,
  transpose,
  slice,
  split,
  concat,
  place,
  pad,
  roll,
  flip,
  part,
  join,
  again,
  patch_merge,
  patch_expand,
];
