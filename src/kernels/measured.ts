import type { Measured } from '../ir/target.ts';

/**
 * Software adapters, measured on lavapipe (Mesa 25) with 2 cores by `bench/`. Each load is a gather there, a
 * workgroup runs on one core, and registers are the CPU's cache: few threads that do much each are best.
 */
export const softwareFigures: Measured = {
  // A thread's loads from workgroup memory are gathers as well, and at a barrier each thread's state is put away.
  // 16 threads are the lanes of 2 cores.
  rates: { multiplyAdds: 25, loads: 5, shared: 3, barriers: 0.005, threads: 16, dispatch: 10_000 },
  workgroup: 64,
  perWorkgroup: Number.POSITIVE_INFINITY,
  team: 16,
  perThread: 16,
  // Finding the first one's place costs divisions, the others only additions: 16 took 2.3–3 ms where 1 took
  // 15–23 ms (2·96·80² elements, bench/copy.ts).
  copyRuns: [16, 8, 4],
  // A thread finds its line only once: bilinear upsampling took 9.5 ms instead of 33, max pooling 20 instead of 39.
  lineRun: 8,
  // 17 to 20 µs; a division of whole numbers, or a load, takes 1.5 to 2 ns of them.
  dispatch: 10_000,
  chunks: { mostThreads: 4096, leastPerThread: 16 },
  split: { wantedThreads: 1024, shortestPart: 64 },
  // A team's chunk of 256 elements a thread (16 KiB) stays in the cache while its lanes take turns.
  reduction: {
    longestAlone: 512,
    leastPerThread: 64,
    mostPerThread: 256,
    mostThreads: 16384,
    lastPass: 256,
  },
  // Of the tiles up to 16×16, 8×8 was best, 8×16 for large results that read b by vec4 (bench/gemm-convolution.ts).
  product: { workgroup: 32, wideColumns: 64, wideResults: 2 ** 18 },
  norm: {
    sharedFrom: 512,
    widestFrom: 16384,
    widest: 256,
    planePerThread: 32,
    planeSharedFrom: 64,
    columnThreads: 8192,
    leastRows: 16,
  },
  // With 16 steps the scan compiles twice as long for 5 % (its gradient of [1, 768, 6400], N 16, takes a quarter less
  // time). 128 threads keep the lanes of a few cores busy: chunks made beyond that cost up to 0.7 of the result's own
  // time (63 ms before 89 ms). Without a bound the gradient's scratch memory would be 5/16 · N times u: it shall grow
  // with L·D, not with L·D·N.
  scan: { workgroup: 32, steps: 8, wantedThreads: 128, leastBlocks: 8, scratchShare: 4 },
};

/**
 * GPUs. Not measured: no GPU was at hand. Sizes follow from how GPUs work (a workgroup is whole waves of 32 or 64
 * threads, neighbours read neighbours, tens of thousands of threads hide latencies), rates from AMD's sheets of
 * RDNA 3. To be replaced by measurements.
 */
export const gpuFigures: Measured = {
  ...softwareFigures,
  // 96 compute units at 2.3 GHz, each 64 multiply-adds, 16 elements of the first cache and 32 of workgroup memory a
  // cycle; 8 workgroups at a time on each, which pass a barrier in 30 cycles; 12 waves of 32 threads on each.
  rates: {
    multiplyAdds: 14_000,
    loads: 3_500,
    shared: 7_000,
    barriers: 60,
    threads: 36_864,
    dispatch: 5_000,
  },
  team: 64,
  perThread: 4,
  copyRuns: [4],
  lineRun: 4,
  chunks: { mostThreads: 65536, leastPerThread: 16 },
  split: { wantedThreads: 32768, shortestPart: 64 },
  reduction: { longestAlone: 256, leastPerThread: 16, mostPerThread: 64, mostThreads: 65536, lastPass: 256 },
  product: { workgroup: 64, wideColumns: 64, wideResults: 2 ** 22 },
  norm: {
    sharedFrom: 128,
    widestFrom: 4096,
    widest: 256,
    planePerThread: 8,
    planeSharedFrom: 64,
    columnThreads: 65536,
    leastRows: 16,
  },
  scan: { workgroup: 64, steps: 8, wantedThreads: 16384, leastBlocks: 4, scratchShare: 4 },
};

/**
 * Kernels as WebAssembly (src/wasm): an invocation runs from end to end before the next one begins, so neighbours belong to
 * one invocation, and workgroups are what threads share. Nothing here may depend on how many threads there are: results
 * would. Rates are those of two threads with registers of four lanes and no multiply-add in one instruction.
 */
export const cpuFigures: Measured = {
  ...softwareFigures,
  rates: { multiplyAdds: 45, loads: 20, shared: 20, barriers: 0.02, threads: 16, dispatch: 1_000 },
  // Some microseconds of work, so that threads take turns with little ado, and a map of a network still is many workgroups.
  perWorkgroup: 16384,
  team: 1,
  perThread: 256,
  lineRun: 64,
  dispatch: 1_000,
  chunks: { mostThreads: 128, leastPerThread: 1024 },
  reduction: {
    longestAlone: 4096,
    leastPerThread: 1024,
    mostPerThread: 8192,
    mostThreads: 256,
    lastPass: 4096,
  },
  norm: {
    ...softwareFigures.norm,
    sharedFrom: Number.MAX_SAFE_INTEGER,
    planePerThread: 8192,
    columnThreads: 64,
  },
  // Chunks are only made of a few channels: four of them for each of 16 workgroups.
  scan: { ...softwareFigures.scan, workgroup: 4, wantedThreads: 64 },
};
