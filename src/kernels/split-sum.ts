import { elementCount, type Value } from '../ir/graph.ts';
import type { KernelCall } from '../ir/kernel.ts';
import type { Target } from '../ir/target.ts';
import type { KernelContext } from './variant.ts';

/** A sum of `length` terms in `parts` pieces of `partLength` (the last may be shorter). */
export interface Split {
  readonly parts: number;
  readonly partLength: number;
}

/**
 * How to split a long sum so that `threads` times the parts are enough for the target.
 *
 * @param each multiply-adds of a term
 */
export function splitSum({ measured: { split } }: Target, threads: number, length: number, each = 1): Split {
  const shortest = Math.ceil(split.shortestPart / each);
  const wanted = Math.min(
    Math.ceil(split.wantedThreads / Math.max(threads, 1)),
    Math.floor(length / shortest),
  );
  const partLength = Math.max(1, Math.ceil(length / Math.max(wanted, 1)));
  return { parts: Math.max(1, Math.ceil(length / partLength)), partLength };
}

/**
 * The dispatches of a split sum.
 *
 * @param sum the dispatch that writes `y`: the result itself, or its parts [parts, ...], which a second dispatch adds up
 */
export function inParts(
  c: KernelContext,
  result: Value,
  parts: number,
  sum: (y: Value) => KernelCall,
): KernelCall[] {
  if (parts === 1) return [sum(result)];
  const y = c.scratch([parts, elementCount(result.shape)]);
  return [{ ...sum(y), fusable: undefined }, sumParts(c.target, y, result, parts)];
}

/** Neighbours of a thread of `sum_parts_lanes`. */
const LANES = 16;

/** Adds the parts of a split sum in a fixed order: x is [parts, ...], y the sum over its first axis. */
export function sumParts(
  { kind, measured: { workgroup } }: Target,
  x: Value,
  y: Value,
  parts: number,
): KernelCall {
  const count = elementCount(y.shape);
  const each = kind === 'cpu' ? LANES : 1;
  return {
    template: kind === 'cpu' ? 'sum_parts_lanes' : 'sum_parts',
    options: { workgroup },
    uniforms: [
      ['count', 'u32', count],
      ['parts', 'u32', parts],
    ],
    reads: [{ name: 'x', value: x, loads: 'once' }],
    writes: [{ name: 'y', value: y }],
    workgroups: Math.ceil(count / (workgroup * each)),
    fusable: 'y',
    adds: [{ from: x, to: y, parts, partStride: count, first: 0, stride: 1 }],
  };
}
