import type { DeviceLimits } from '../ir/kernel.ts';
import { PlanError, SMALLER } from './plan-error.ts';

/**
 * Folds a flat grid (`[x, 1, z]`) whose x is beyond the limit into x and y, nearly square, so that hardly any workgroup
 * has nothing to do. Templates with a flat grid compute `group.y * groups.x + group.x`.
 */
export function foldWorkgroups(
  [x, y, z]: readonly [number, number, number],
  limits: Pick<DeviceLimits, 'maxComputeWorkgroupsPerDimension'>,
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
  if (x <= most) return [x, y, z];
  const rows = Math.ceil(Math.sqrt(x));
  return [Math.ceil(x / rows), rows, z];
}
