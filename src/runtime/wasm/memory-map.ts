/**
 * Where things lie in the memory that kernels as WebAssembly, the function that walks over their dispatches and the host
 * share: all by address, in bytes. Beyond what is fixed here, `layout.ts` gives a program's own things their places.
 */

export const PAGE = 65536;

/**
 * Bits of an address: 32 reach 4 GiB, all that has to be reached by most programs; 64 reach further, where the engine has
 * them, and take longer. Control words, lists, records and scratch memory lie below 4 GiB in any case, so that addresses of
 * these are words of 32 bits.
 */
export type AddressBits = 32 | 64;

/** Pages that a memory may have: what 32 bits address, and what engines give at most (V8's limit, 16 GiB). */
export const MOST_PAGES: Readonly<Record<AddressBits, number>> = { 32: 65536, 64: 262144 };

/** A word that says where tensors lie counts in units of so many bytes: with 64 bits it reaches 16 GiB. */
export const PLACE_UNIT: Readonly<Record<AddressBits, number>> = { 32: 1, 64: 4 };

/** A place of tensors as a word. */
export const placeWord = (address: number, bits: AddressBits): number => address / PLACE_UNIT[bits];

/** An access that is never wanted may reach so far below or above what it belongs to: nothing lies there. */
export const GUARD = 65536;

/** What a kernel is told of a dispatch, as offsets of its words. */
export const RECORD = {
  /** Workgroups along x, y and z. */
  groups: [0, 4, 8],
  /** Of a binding by its number: its first byte ({@link placeWord}), and its length in bytes. */
  address: (binding: number): number => 12 + 8 * binding,
  bytes: (binding: number): number => 16 + 8 * binding,
} as const;

/** A dispatch, as offsets of its words. */
export const DISPATCH = {
  /** Number of the kernel in the module's table. */
  kernel: 0,
  /** Workgroups in all. */
  total: 4,
  /** A thread takes so many workgroups at once, at least. */
  grain: 8,
  /** Its {@link RECORD}. */
  record: 16,
} as const;

/** What is written by different threads lies this far apart: two lines of the cache, as processors fetch them in pairs. */
const APART = 128;
const line = (n: number): number => GUARD + n * APART;

/** Words by which threads and host agree. All begin as 0. */
export const CONTROL = {
  /** Grows with whatever may give a thread something to do: threads that have nothing look at it alone. */
  version: line(0),
  /** 64 bits: above the number of the dispatch that is shared out, below its first workgroup that nobody took yet. */
  ticket: line(1),
  /** Addresses of the dispatches whose numbers are even, and odd, of which one is shared out. */
  shared: line(1) + 8,
  /** Its workgroups that are done. */
  finished: line(2),
  /** 1 while a thread, or the last one to finish a dispatch, is to go on with the commands. */
  walking: line(3),
  /** Commands that were begun. */
  begun: line(3) + 4,
  /** What is left of a list of dispatches: addresses of the next one and of the end. */
  cursor: line(3) + 8,
  listEnd: line(3) + 12,
  /** Threads that wait. */
  sleepers: line(4),
  /** Commands that the host has written. */
  written: line(5),
  /** Commands that are done. */
  completed: line(6),
  /** Not 0: threads leave. */
  quit: line(7),
  /** Of what is left of a dispatch a thread takes one part in so many. */
  share: line(7) + 4,
  /** A thread looks so often for something to do before it waits. */
  spins: line(7) + 8,
} as const;

/** Commands lie in a ring, of four words each: what to do, and with what. */
export const RING = { start: line(8), length: 256, stride: 16 } as const;

export const COMMAND = {
  /** Copies bytes: to, from ({@link placeWord}), how many. */
  copy: 0,
  /** Makes bytes zero: where ({@link placeWord}), how many. */
  clear: 1,
  /** Runs dispatches: beginning and end of a list of their addresses. */
  run: 2,
  /** Calls the imported function `done` with the number that it has. */
  signal: 3,
} as const;

/** The first byte of a program's own things. */
export const PROGRAM_START = RING.start + RING.length * RING.stride;
