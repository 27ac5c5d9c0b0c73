import { bytesText } from '../../program/bytes-text.ts';
import type { Dispatch, ProgramPlan, TensorInfo } from '../../program/program.ts';
import { dataAt, elementCount } from '../program-tensors.ts';
import { RuntimeError } from '../runtime-error.ts';
import {
  type AddressBits,
  DISPATCH,
  GUARD,
  MOST_PAGES,
  PAGE,
  PROGRAM_START,
  placeWord,
  RECORD,
} from './memory-map.ts';

/** Buffers and uniforms begin at multiples of it; lines of the cache, too. */
const ALIGNMENT = 256;
/** A dispatch that binds no more bytes is one thread's: telling others of it would take as long. */
const ALONE_BYTES = 4096;
/** A dispatch is shared out in up to so many parts a thread. */
const PARTS = 16;
/** Of what is copied in and out while the device is busy; what does not fit waits until it is not. */
const LEAST_STAGING = 2 ** 18;
const MOST_STAGING = 2 ** 25;

/** From where to where, in bytes. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The places of a program's things in the memory. */
export interface MemoryLayout {
  readonly address: AddressBits;
  readonly pages: number;
  /** Each thread's own. */
  readonly scratch: readonly number[];
  readonly uniforms: number;
  /** Of each entry's dispatches, in order. */
  readonly dispatches: ReadonlyMap<string, readonly number[]>;
  /** The lists of the addresses of these. */
  readonly lists: ReadonlyMap<string, Span>;
  readonly staging: Span;
  readonly buffers: readonly number[];
}

/**
 * Gives everything its place: control words, lists and records below, then uniforms, scratch memory, staging and buffers,
 * with a guard at both ends.
 *
 * @param scratchBytes that a kernel may use, of each thread
 * @param address bits of the kernels' addresses
 * @throws RuntimeError `adapter-limits` where the program needs more than these reach
 */
export function layoutOf(
  program: ProgramPlan,
  scratchBytes: number,
  threads: number,
  address: AddressBits,
): MemoryLayout {
  let end = PROGRAM_START;
  const take = (bytes: number, alignment = ALIGNMENT): number => {
    const start = Math.ceil(end / alignment) * alignment;
    end = start + bytes;
    return start;
  };
  const dispatches = new Map<string, readonly number[]>();
  const lists = new Map<string, Span>();
  for (const [name, entry] of Object.entries(program.entries)) {
    const sizes = entry.dispatches.map((d) => DISPATCH.record + RECORD.address(1 + d.bindings.length));
    dispatches.set(
      name,
      sizes.map((size) => take(size, 16)),
    );
    const start = take(4 * sizes.length, 16);
    lists.set(name, { start, end });
  }
  const uniforms = take(4 * program.uniforms.length);
  const scratch = Array.from({ length: threads }, () => take(scratchBytes));
  const stagingBytes = stagingOf(program);
  const staging = { start: take(stagingBytes), end };
  const buffers = program.buffers.map(({ size }) => take(size));
  const pages = Math.ceil((end + GUARD) / PAGE);
  if (pages > MOST_PAGES[address]) {
    const room = MOST_PAGES[address] * PAGE - (end + GUARD - program.bytes);
    throw new RuntimeError(
      'adapter-limits',
      `the program needs ${bytesText(program.bytes)}, WebAssembly's memory has room for ${bytesText(room)}`,
      `a smaller batch or image, or a plan with less memory (--memory ${Math.floor(room / 2 ** 20)}MiB)`,
    );
  }
  return { address, pages, scratch, uniforms, dispatches, lists, staging, buffers };
}

/** Inputs of some runs in advance, and the outputs of two, as far as these are not large. */
function stagingOf({ tensors, entries }: ProgramPlan): number {
  const bytes = (t: TensorInfo) => 4 * elementCount(t);
  const inputs = tensors.reduce((n, t) => n + (t.kind === 'input' ? bytes(t) : 0), 0);
  const outputs = Object.values(entries).map((e) => e.outputs.reduce((n, o) => n + bytes(o), 0));
  return Math.min(MOST_STAGING, Math.max(LEAST_STAGING, 5 * inputs + 2 * Math.max(0, ...outputs)));
}

/** Writes what is fixed for a program: uniforms, dispatches, lists of them, and what state is at first. */
export function writeProgram(
  memory: ArrayBuffer,
  { address, uniforms, dispatches, lists, buffers }: MemoryLayout,
  program: ProgramPlan,
  threads: number,
): void {
  const words = new Uint32Array(memory);
  words.set(
    program.uniforms.map((w) => w >>> 0),
    uniforms / 4,
  );
  for (const [name, addresses] of dispatches) {
    words.set(addresses, lists.get(name)!.start / 4);
    program.entries[name].dispatches.forEach((d, k) => {
      const places = d.bindings.map(([buffer, offset, size]) => [buffers[buffer] + offset, size] as const);
      const bound = [[uniforms + d.uniforms[0], d.uniforms[1]] as const, ...places];
      const at = addresses[k] / 4;
      words[at + DISPATCH.kernel / 4] = d.kernel;
      words[at + DISPATCH.total / 4] = totalOf(d);
      words[at + DISPATCH.grain / 4] = grainOf(d, threads);
      words.set(recordWords(d.workgroups, new Map(bound.entries()), address), at + DISPATCH.record / 4);
    });
  }
  for (const tensor of program.tensors) {
    const { buffer, offset, initial } = tensor;
    // All else is zero at first.
    if (initial) dataAt(tensor, memory, buffers[buffer] + offset).fill(initial);
  }
}

/** The words of a dispatch's record, of its workgroups and what it binds by the numbers of bindings. */
export function recordWords(
  workgroups: Dispatch['workgroups'],
  bindings: ReadonlyMap<number, readonly [address: number, bytes: number]>,
  bits: AddressBits = 32,
): Uint32Array {
  const words = new Uint32Array(RECORD.address(Math.max(-1, ...bindings.keys()) + 1) / 4);
  words.set(workgroups);
  for (const [n, [address, bytes]] of bindings) {
    words[RECORD.address(n) / 4] = placeWord(address, bits);
    words[RECORD.bytes(n) / 4] = bytes;
  }
  return words;
}

const totalOf = ({ workgroups }: Dispatch): number => workgroups.reduce((n, size) => n * size);

/** Workgroups that a thread takes at once, at least. */
function grainOf(d: Dispatch, threads: number): number {
  const total = totalOf(d);
  const bytes = d.bindings.reduce((n, [, , size]) => n + size, 0);
  return threads === 1 || bytes <= ALONE_BYTES
    ? Math.max(1, total)
    : Math.max(1, Math.ceil(total / (PARTS * threads)));
}
