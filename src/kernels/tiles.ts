import type { Needs } from './variant.ts';

/** Rows and columns of a workgroup's tile in `codegen/functions/tile_product.wgsl`, and terms that it takes at a time. */
export const TILE = 64;
export const TILE_TERMS = 16;

const THREADS = 64;
/** Rows and columns of a thread's cell. */
const CELL = 8;

/** Both tiles lie in workgroup memory. */
export const tileNeeds: Needs = {
  limits: {
    maxComputeWorkgroupStorageSize: 2 * 4 * TILE * TILE_TERMS,
    maxComputeInvocationsPerWorkgroup: THREADS,
    maxComputeWorkgroupSizeX: THREADS,
  },
};

/** What products of `steps` tiles of terms cost, of a number of workgroups. */
export function tileWork(workgroups: number, steps: number) {
  const multiplyAdds = workgroups * steps * TILE * TILE * TILE_TERMS;
  return {
    multiplyAdds,
    loads: (2 * multiplyAdds) / TILE,
    shared: (2 * multiplyAdds) / CELL,
    barriers: 2 * workgroups * steps,
    threads: THREADS * workgroups,
  };
}

/** Threads that share a product of so many tiles. */
export const tileThreads = (tiles: number) => THREADS * tiles;
