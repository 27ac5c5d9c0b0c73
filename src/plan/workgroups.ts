import type { DeviceLimits } from '../ir/kernel.ts';
import { PlanError, SMALLER } from './plan-error.ts';

/** An x count beyond the limit goes into y; templates with a flat grid compute `group.y * groups.x + group.x`. */
export function foldWorkgroups(
  [x, y, z]: readonly [number, number, number],
  limits: DeviceLimits,
  label: string,
): [number, number, number] {
  const most = limits.maxComputeWorkgroupsPerDimension;
  if (y > most || z > most || (x > most && y > 1) || x > most * most) {
    throw new PlanError(
      'adapter-limits',
      `${label} needs ${x}×${y}×${z} workgroups, at most ${most} a dimension are allowed`,
      SMALLER,
    );
  }
  return x <= most ? [x, y, z] : [most, Math.ceil(x / most), z];
}
