import { resolveAxis } from '../../ir/axis.ts';
import { elementCount, stridesOf } from '../../ir/graph.ts';
import type { KernelCall, UniformType } from '../../ir/kernel.ts';
import { startsOf } from '../../ops/layout/split.ts';
import { perThread } from '../threads.ts';
import { type KernelContext, type KernelFamily, withCpuVariant } from '../variant.ts';

/** Storage buffers left to what is fused behind the last piece. */
const SPARE_BINDINGS = 3;

/** One kernel for as many pieces as the bindings suffice for: each element is read once. */
export const split: KernelFamily = withCpuVariant(
  'A thread copies some neighbours into the pieces that they lie in, for as many pieces at a time as bindings suffice.',
  (c) => cuts(c, false),
  {
    name: 'rows',
    doc: 'A thread copies piece after piece, for as many pieces at a time as bindings suffice.',
    calls: (c) => cuts(c, true),
  },
);

function cuts(c: KernelContext, rows: boolean): KernelCall[] {
  const [x] = c.inputs;
  const axis = resolveAxis(c.attrs['axis'] as number, x.shape.length);
  const inner = stridesOf(x.shape)[axis];
  const starts = startsOf(c.attrs['sizes'] as readonly number[]);
  const most = Math.max(1, c.target.limits.maxStorageBuffersPerShaderStage - 1 - SPARE_BINDINGS);
  const pieces = c.outputs.map((value, k) => ({
    value,
    start: starts[k] * inner,
    end: (starts[k] + value.shape[axis]) * inner,
  }));
  const calls: KernelCall[] = [];
  for (let k = 0; k < pieces.length; k += most)
    calls.push(cut(c, pieces.slice(k, k + most), x.shape[axis] * inner, rows));
  return calls;
}

interface Piece {
  readonly value: KernelContext['outputs'][number];
  /** Where its rows lie in the rows of the operand, in elements. */
  readonly start: number;
  readonly end: number;
}

/** Neighbouring pieces of rows that are `whole` elements long. */
function cut(c: KernelContext, pieces: readonly Piece[], whole: number, rows: boolean): KernelCall {
  const { copyRuns, workgroup } = c.target.measured;
  const [x] = c.inputs;
  const first = pieces[0].start;
  const row = pieces.at(-1)!.end - first;
  const count = (elementCount(x.shape) / whole) * row;
  const edges = pieces.map(({ end }) => end - first);
  const run = rows ? perThread(c.target) : (copyRuns.find((n) => edges.every((e) => e % n === 0)) ?? 1);
  const uniforms: [string, UniformType, number][] = [
    ['count', 'u32', count],
    ['row', 'u32', row],
    ['run', 'u32', run],
    ['whole', 'u32', whole],
    ['first', 'u32', first],
  ];
  pieces.forEach(({ start, end }, k) => {
    uniforms.push([`start${k}`, 'u32', start - first], [`end${k}`, 'u32', end - first]);
  });
  return {
    template: rows ? 'split_rows' : 'split',
    options: { parts: pieces.length, workgroup },
    uniforms,
    reads: [{ name: 'x', value: x, loads: 'once' }],
    writes: pieces.map(({ value }, k) => ({ name: `y${k}`, value })),
    workgroups: Math.ceil(count / (workgroup * run)),
    fusable: `y${pieces.length - 1}`,
  };
}
