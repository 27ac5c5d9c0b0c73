import type { DeviceLimits } from './kernel.ts';

/**
 * `software` runs shaders on the CPU: its threads are few, its workgroup memory is not faster than the rest. `cpu` runs
 * kernels as WebAssembly, one invocation after the other, `vec4` in a register of four lanes.
 */
export type TargetKind = 'gpu' | 'software' | 'cpu';

/** Features of WebGPU that kernels may need, under WebGPU's names. */
export type TargetFeature = 'shader-f16' | 'subgroups' | 'timestamp-query';

/** What programs are compiled for: it decides which of an op's kernels are chosen, and their sizes. */
export interface Target {
  /** What a program notes of it, and `--target` calls it by. */
  readonly name: string;
  readonly kind: TargetKind;
  readonly limits: DeviceLimits;
  readonly features: readonly TargetFeature[];
  /** Bytes that all buffers of a program may take together; left out where only a device knows. */
  readonly memory?: number;
  /** Where that does not suffice, even with values that are computed again. */
  readonly wide?: WideMemory;
  readonly measured: Measured;
}

/** More memory, by addresses of 64 bits. */
export interface WideMemory {
  readonly bytes: number;
  /** What has such addresses, as a phrase, where the device at hand has not: then it is no more than a hint. */
  readonly missing?: string;
}

/** Sizes that suit a kind of device, found by measurement; src/kernels/measured.ts holds them. */
export interface Measured {
  /** Work a nanosecond, of the whole device; only used to tell variants apart. */
  readonly rates: {
    readonly multiplyAdds: number;
    /** Elements read from memory and its caches, and from workgroup memory. */
    readonly loads: number;
    readonly shared: number;
    /** Workgroups passing a barrier. */
    readonly barriers: number;
    /** Threads that keep the device busy. */
    readonly threads: number;
    /** Nanoseconds of a dispatch that does nothing. */
    readonly dispatch: number;
  };
  /** Threads of a workgroup where nothing else is said. */
  readonly workgroup: number;
  /** Elements that a workgroup takes at most, where threads take many each. */
  readonly perWorkgroup: number;
  /** Lanes that take turns in one chunk: together they read a cache line, and the chunk is read in order. */
  readonly team: number;
  /** Neighbouring elements that a thread takes of an element-wise chain, and of an optimizer's arrays. */
  readonly perThread: number;
  /** Neighbours that a thread copies, the first that divides the innermost axis: longest first. */
  readonly copyRuns: readonly number[];
  /** Neighbours of a line that a thread pools or resizes. */
  readonly lineRun: number;
  /** A dispatch takes as long as so many loads of a thread. */
  readonly dispatch: number;
  /** Sums over chunks that teams share. */
  readonly chunks: {
    /** More threads than this only make the pass over their sums longer. */
    readonly mostThreads: number;
    /** Elements that a thread takes at least. */
    readonly leastPerThread: number;
  };
  /** Products whose sum is split in parts, which a second dispatch adds up. */
  readonly split: {
    /** Enough threads to keep the device busy; where there are fewer, the sum is split. */
    readonly wantedThreads: number;
    /** Multiply-adds below which a part is not worth its second pass. */
    readonly shortestPart: number;
  };
  readonly reduction: {
    /** A sum up to this length is one thread's: a second pass would cost more. */
    readonly longestAlone: number;
    /** Elements a thread of the first pass sums at least, and at most where a team shares a chunk. */
    readonly leastPerThread: number;
    readonly mostPerThread: number;
    /** More threads than this only make the second pass longer. */
    readonly mostThreads: number;
    /** The last pass of a sum of squares is one thread's loop over so many sums at most. */
    readonly lastPass: number;
  };
  /** Products whose tiles lie in registers. */
  readonly product: {
    readonly workgroup: number;
    /** Columns and results from which on a tile of 8×16 leaves enough threads, and few columns idle. */
    readonly wideColumns: number;
    readonly wideResults: number;
  };
  readonly norm: {
    /** From this length on a workgroup shares a row. */
    readonly sharedFrom: number;
    /** ... and from this one on a workgroup of {@link widest} threads. */
    readonly widestFrom: number;
    readonly widest: number;
    /** Elements a thread takes where a plane is cut into chunks, and from which length on planes are. */
    readonly planePerThread: number;
    readonly planeSharedFrom: number;
    /** Threads that sum the columns of all rows; more only make the second pass longer. Rows each takes at least. */
    readonly columnThreads: number;
    readonly leastRows: number;
  };
  readonly scan: {
    /** Threads of a workgroup: small, so that few threads still are several workgroups for the cores. */
    readonly workgroup: number;
    /** Time steps that a thread of the chunked scan holds in registers. */
    readonly steps: number;
    /** Chunks are made until there are this many threads; all but the last chunk compute their states twice. */
    readonly wantedThreads: number;
    /** Blocks of `steps` in a chunk at least, so that chunks are worth their hand-over. */
    readonly leastBlocks: number;
    /** Scratch memory of the gradient may be so many times the size of `u`; the rest waits for the next slice. */
    readonly scratchShare: number;
  };
}
