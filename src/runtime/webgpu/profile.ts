import type { DispatchTime } from '../session.ts';
import { BUFFER_USAGE } from './prepare.ts';
import type { WebgpuSession } from './session.ts';

/** WebGPU allows this many timestamps in one query set. */
const MAX_QUERIES = 4096;

/**
 * Runs entries of a session once with each dispatch in a pass of its own and measures it by timestamps on the device.
 * Needs the feature `timestamp-query`.
 */
export async function profile(
  session: WebgpuSession,
  ...entries: readonly string[]
): Promise<DispatchTime[]> {
  const { device, program } = session;
  const dispatches = entries.flatMap((entry) =>
    session.entry(entry).dispatches.map(({ label, kernel }, index) => ({ entry, index, label, kernel })),
  );
  const times: DispatchTime[] = [];
  for (let first = 0; first < dispatches.length; first += MAX_QUERIES / 2) {
    const count = Math.min(MAX_QUERIES / 2, dispatches.length - first);
    const querySet = device.createQuerySet({ type: 'timestamp', count: 2 * count });
    const resolved = device.createBuffer({
      size: 16 * count,
      usage: BUFFER_USAGE.QUERY_RESOLVE | BUFFER_USAGE.COPY_SRC,
    });
    const staging = session.staging(16 * count);
    try {
      session.record('a measured run', (encoder) => {
        for (let i = 0; i < count; i++) {
          const timestampWrites = {
            querySet,
            beginningOfPassWriteIndex: 2 * i,
            endOfPassWriteIndex: 2 * i + 1,
          };
          const { entry, index } = dispatches[first + i];
          session.encodeDispatch(encoder, entry, index, timestampWrites);
        }
        encoder.resolveQuerySet(querySet, 0, 2 * count, resolved, 0);
        encoder.copyBufferToBuffer(resolved, 0, staging, 0, 16 * count);
      });
      await session.map(staging);
      const stamps = new BigInt64Array(staging.getMappedRange().slice(0));
      for (let i = 0; i < count; i++) {
        const { entry, label, kernel } = dispatches[first + i];
        times.push({
          entry,
          label,
          kernel: program.kernels[kernel].name,
          nanoseconds: Number(stamps[2 * i + 1] - stamps[2 * i]),
        });
      }
    } finally {
      for (const resource of [querySet, resolved, staging]) resource.destroy();
    }
  }
  return times;
}
