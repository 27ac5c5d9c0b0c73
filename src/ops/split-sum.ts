import { elementCount, type Value } from '../ir/graph.ts';
import type { KernelCall } from '../ir/kernel.ts';

const WORKGROUP = 64;
/** Enough threads to keep a small adapter busy; where there are fewer, the sum is split. */
const WANTED_THREADS = 1024;

/** A sum of `length` terms in `parts` pieces of `partLength` (the last may be shorter). */
export interface Split {
  readonly parts: number;
  readonly partLength: number;
}

/**
 * How to split a long sum so that `threads` times the parts are enough for an adapter.
 *
 * @param shortest terms below which a part costs more in the second pass than it gains
 */
export function splitSum(threads: number, length: number, shortest: number): Split {
  const wanted = Math.min(Math.ceil(WANTED_THREADS / Math.max(threads, 1)), Math.floor(length / shortest));
  const partLength = Math.max(1, Math.ceil(length / Math.max(wanted, 1)));
  return { parts: Math.max(1, Math.ceil(length / partLength)), partLength };
}

/** Adds the parts of a split sum in a fixed order: x is [parts, ...], y the sum over its first axis. */
export function sumParts(x: Value, y: Value, parts: number): KernelCall {
  const count = elementCount(y.shape);
  return {
    template: 'sum_parts',
    options: { workgroup: WORKGROUP },
    uniforms: [
      ['count', 'u32', count],
      ['parts', 'u32', parts],
    ],
    reads: [{ name: 'x', value: x }],
    writes: [{ name: 'y', value: y }],
    workgroups: [Math.ceil(count / WORKGROUP), 1, 1],
    fusable: 'y',
  };
}
