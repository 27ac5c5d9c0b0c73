import { terminalTable } from '../report/text-table.ts';
import type { ProfileReport } from '../training/profile.ts';

/** Kernels in the table. */
const SHOWN = 20;

/** What `archc train --profile` prints. */
export function profileText({ steps_per_second: rate, waited, kernels }: ProfileReport): string {
  const pace =
    rate === null || waited === null
      ? 'profile: two steps or more are needed'
      : `profile: ${rate.toPrecision(4)} steps a second, ${(100 * waited).toFixed(1)} % of the time waiting for batches`;
  if (!kernels)
    return `${pace}\nkernels were not timed: stopped before the end, or the device has no timestamps`;
  const total = kernels.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const left = kernels.slice(SHOWN);
  const table = terminalTable({
    title: 'one step by kernel',
    head: ['kernel', 'dispatches', 'ms', '%'],
    rows: kernels
      .slice(0, SHOWN)
      .map(({ kernel, dispatches, milliseconds }) => [
        kernel,
        String(dispatches),
        milliseconds.toFixed(2),
        ((100 * milliseconds) / total).toFixed(1),
      ]),
    notes: left.length > 0 ? [`and ${left.length} more`] : [],
  });
  return `${pace}\n${table}`;
}
