import type { DeviceLimits } from '../ir/kernel.ts';
import { PlanError, SMALLER } from './plan-error.ts';

/**
 * Folds workgroups beyond the limit of a dimension into x and y, nearly square, so that hardly any has nothing to do.
 * Templates compute `group.y * groups.x + group.x`. WebGPU's own limit leaves room for more than 32 bits can count.
 */
export function foldWorkgroups(
  count: number,
  limits: Pick<DeviceLimits, 'maxComputeWorkgroupsPerDimension'>,
  label: string,
): [number, number, number] {
  const most = limits.maxComputeWorkgroupsPerDimension;
  if (count <= most) return [count, 1, 1];
  const rows = Math.ceil(Math.sqrt(count));
  if (rows > most) {
    throw new PlanError(
      'adapter-limits',
      `${label} needs ${count} workgroups, at most ${most}×${most} are allowed`,
      SMALLER,
    );
  }
  return [Math.ceil(count / rows), rows, 1];
}
