import { type KernelFamily, onlyVariant } from '../variant.ts';
import { lowerScan } from './lower.ts';
import { lowerScanBackward } from './lower-backward.ts';

export const selectiveScan: KernelFamily = onlyVariant(lowerScan);
export const selectiveScanBackward: KernelFamily = onlyVariant(lowerScanBackward);
