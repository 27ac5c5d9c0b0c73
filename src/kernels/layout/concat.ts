import { resolveAxis } from '../../ir/axis.ts';
import { elementCount, stridesOf } from '../../ir/graph.ts';
import type { KernelCall, UniformType } from '../../ir/kernel.ts';
import type { Target } from '../../ir/target.ts';
import { startsOf } from '../../ops/layout/concat.ts';
import { perThread } from '../threads.ts';
import { type KernelContext, type KernelFamily, withCpuVariant } from '../variant.ts';

/** Storage buffers left to what is fused behind a concatenation. */
const SPARE_BINDINGS = 3;

export const concat: KernelFamily = joinFamily(
  'A thread copies some neighbours out of the operand that they lie in; where bindings do not suffice for all operands, the first are joined before.',
  ({ inputs, outputs: [y], attrs }) => {
    const axis = resolveAxis(attrs['axis'] as number, y.shape.length);
    return { starts: startsOf(inputs, axis), axis };
  },
);

export const place: KernelFamily = joinFamily('As `concat`.', ({ outputs: [y], attrs }) => ({
  starts: attrs['starts'] as readonly number[],
  axis: resolveAxis(attrs['axis'] as number, y.shape.length),
}));

function joinFamily(
  doc: string,
  placesOf: (c: KernelContext) => { readonly starts: readonly number[]; readonly axis: number },
): KernelFamily {
  const calls = (c: KernelContext, call: PlaceCall) => {
    const { starts, axis } = placesOf(c);
    return placeCalls(c, starts, axis, call);
  };
  return withCpuVariant(doc, (c) => calls(c, runsCall), {
    name: 'rows',
    doc: 'A thread copies piece after piece of the operands.',
    calls: (c) => calls(c, rowsCall),
  });
}

/**
 * One kernel that selects the operand of each output element, as long as the bindings suffice. Otherwise the
 * first operands are joined in scratch memory and take part as one.
 */
function placeCalls(
  c: KernelContext,
  starts: readonly number[],
  axis: number,
  placeCall: PlaceCall,
): KernelCall[] {
  const [y] = c.outputs;
  const inner = stridesOf(y.shape)[axis];
  const most = Math.max(2, c.target.limits.maxStorageBuffersPerShaderStage - 1 - SPARE_BINDINGS);
  const parts = c.inputs.map((value, k) => ({
    value,
    start: starts[k] * inner,
    end: (starts[k] + value.shape[axis]) * inner,
  }));
  const calls: KernelCall[] = [];
  while (parts.length > most) {
    const group = parts.splice(0, most);
    const [from, to] = [group[0].start, group[most - 1].end];
    const joined = c.scratch([elementCount(y.shape.slice(0, axis)), to - from], y.dtype);
    calls.push(placeCall(c.target, group, from, joined));
    parts.unshift({ value: joined, start: from, end: to });
  }
  calls.push(placeCall(c.target, parts, 0, y));
  return calls;
}

interface Part {
  readonly value: KernelContext['inputs'][number];
  /** Where its rows lie in the rows of the output, in elements. */
  readonly start: number;
  readonly end: number;
}

type PlaceCall = (target: Target, parts: readonly Part[], origin: number, y: Part['value']) => KernelCall;

const runsCall: PlaceCall = ({ measured: { copyRuns, workgroup } }, parts, origin, y) => {
  const { row, edges } = rowOf(parts, origin, y);
  const run = copyRuns.find((n) => edges.every((e) => e % n === 0)) ?? 1;
  return {
    template: 'concat',
    options: { parts: parts.length, width: run % 4 === 0 ? 4 : 1, type: y.dtype, workgroup },
    ...placed(parts, origin, y, row, run, workgroup),
  };
};

const rowsCall: PlaceCall = (target, parts, origin, y) => {
  const { workgroup } = target.measured;
  return {
    template: 'concat_rows',
    options: { parts: parts.length, type: y.dtype, workgroup },
    ...placed(parts, origin, y, rowOf(parts, origin, y).row, perThread(target), workgroup),
  };
};

/** Elements of a row of the result, and where pieces of it begin and end. */
function rowOf(parts: readonly Part[], origin: number, y: Part['value']) {
  const rows = elementCount(parts[0].value.shape) / (parts[0].end - parts[0].start);
  const row = elementCount(y.shape) / rows;
  return { row, edges: [row, ...parts.flatMap(({ start, end }) => [start - origin, end - origin])] };
}

function placed(
  parts: readonly Part[],
  origin: number,
  y: Part['value'],
  row: number,
  run: number,
  workgroup: number,
): Omit<KernelCall, 'template' | 'options'> {
  const count = elementCount(y.shape);
  const uniforms: [string, UniformType, number][] = [
    ['count', 'u32', count],
    ['row', 'u32', row],
    ['run', 'u32', run],
  ];
  parts.forEach(({ start, end }, k) => {
    uniforms.push([`start${k}`, 'u32', start - origin], [`end${k}`, 'u32', end - origin]);
  });
  return {
    uniforms,
    reads: parts.map(({ value }, k) => ({ name: `x${k}`, value, loads: 'once' })),
    writes: [{ name: 'y', value: y }],
    workgroups: Math.ceil(count / (workgroup * run)),
    fusable: y.dtype === 'f32' ? 'y' : undefined,
  };
}
