import type { Op } from '../../ir/op.ts';
import { crossMerge, crossScan } from './cross-scan.ts';
import { selectiveScan, selectiveScanBackward } from './selective-scan.ts';

export const scan: readonly Op[] = [selectiveScan, selectiveScanBackward, crossScan, crossMerge];
