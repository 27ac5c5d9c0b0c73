import type { Graph } from '../ir/graph.ts';
import type { OpTable } from '../ir/op.ts';
import type { Target } from '../ir/target.ts';
import { bytesText } from '../program/bytes-text.ts';
import type { BufferInfo, Program } from '../program/program.ts';
import type { EntryUnits } from './memory.ts';
import { PlanError } from './plan-error.ts';

/** An entry of which parts are computed again, so that it needs less memory. */
export interface Recomputed {
  readonly entry: string;
  /** What the pass `recompute` was told to keep to. */
  readonly budget: number;
  /** Nodes that are computed again. */
  readonly nodes: number;
  /** Multiply-adds of these, and of the entry without them; those of scans count. */
  readonly extra_macs: number;
  readonly macs: number;
}

/** What a program computes again, and what for. */
export interface Recomputation {
  /** Bytes of device memory without and with it. */
  readonly bytes_before: number;
  readonly bytes: number;
  readonly entries: readonly Recomputed[];
}

/** `12 nodes (gradients, 34.5 % more multiply-adds) are computed again: 25.9 MiB → 12.0 MiB` */
export function recomputationText(
  { bytes_before, bytes, entries }: Recomputation,
  size: (bytes: number) => string = bytesText,
): string {
  const parts = entries.map(({ entry, nodes, extra_macs, macs }) => {
    const share = macs === 0 ? 0 : (100 * extra_macs) / macs;
    return `${nodes} nodes (${entry}, ${share.toFixed(1)} % more multiply-adds)`;
  });
  return `${parts.join(' and ')} are computed again: ${size(bytes_before)} → ${size(bytes)}`;
}

/** What differs between an entry and the same with recomputation. */
export function recomputedIn(
  entry: EntryUnits,
  before: EntryUnits,
  budget: number,
  ops: OpTable,
): Recomputed {
  const [now, once] = [entry, before].map(({ graph }) => graph.nodes.filter(({ op }) => computes(op, ops)));
  const macs = macsOf(before.graph, ops);
  const extra_macs = macsOf(entry.graph, ops) - macs;
  return { entry: entry.name, budget, nodes: now.length - once.length, extra_macs, macs };
}

function computes(name: string, ops: OpTable): boolean {
  const op = ops.get(name);
  return op?.kind === 'primitive' && op.lowering.kind !== 'view';
}

function macsOf({ nodes, values }: Graph, ops: OpTable): number {
  const shape = (v: number) => values[v].shape;
  return nodes.reduce((n, { op: name, inputs, outputs, attrs }) => {
    const op = ops.get(name);
    const operands = inputs.map(shape);
    return (
      n + (op?.macs?.(operands, outputs.map(shape), attrs) ?? 0) + (op?.scanMacs?.(operands, attrs) ?? 0)
    );
  }, 0);
}

export function valuesBytes(buffers: readonly BufferInfo[]): number {
  return buffers.reduce((n, { kind, size }) => n + (kind === 'values' ? size : 0), 0);
}

/** Bytes of a program that no recomputation changes. */
export function fixedBytes({ bytes, buffers }: Program): number {
  return bytes - valuesBytes(buffers);
}

const kindNames: Readonly<Record<BufferInfo['kind'], string>> = {
  weights: 'weights',
  state: 'state of the optimizer',
  carry: 'gradients',
  input: 'inputs',
  values: 'values',
};

/**
 * @param whole the program without recomputation
 * @param least bytes of the smallest that was found
 */
export function overBudget(whole: Program, memory: number, least: number): PlanError {
  const fixed = fixedBytes(whole);
  return new PlanError(
    'memory-budget',
    `the budget is ${bytesText(memory)}, ${partsText(whole, memory, least)}`,
    fixed >= memory
      ? `more than ${bytesText(fixed)}, or a smaller network`
      : `--memory ${Math.ceil(least / 2 ** 20)}MiB, or a smaller batch or image`,
  );
}

/** The same where it is the target that has no more. */
export function beyondTarget(
  whole: Program,
  { name, wide }: Target,
  memory: number,
  least: number,
): PlanError {
  const fixed = fixedBytes(whole);
  // Values grow with the batch, and all else hardly does.
  const batch = Math.floor((whole.batch * (memory - fixed)) / (least - fixed));
  const smaller = batch >= 1 ? `a batch of about ${batch}, or a smaller image` : 'a smaller image or network';
  return new PlanError(
    'adapter-limits',
    `the target ${name} has ${bytesText(memory)}, ${partsText(whole, memory, least)}`,
    wide?.missing !== undefined && least <= wide.bytes ? `${smaller}, or ${wide.missing}` : smaller,
  );
}

function partsText(whole: Program, memory: number, least: number): string {
  const kinds = (Object.keys(kindNames) as BufferInfo['kind'][]).filter((kind) => kind !== 'values');
  const parts = kinds.flatMap((kind) => {
    const bytes = whole.buffers.reduce((n, b) => n + (b.kind === kind ? b.size : 0), 0);
    return bytes > 0 ? [`${bytesText(bytes)} of ${kindNames[kind]}`] : [];
  });
  const fixed = fixedBytes(whole);
  const reached =
    fixed >= memory
      ? 'which are always there'
      : `which are always there, and with recomputation ${bytesText(least - fixed)} of values at least`;
  return `the program takes ${bytesText(whole.bytes)}: ${parts.join(', ')}, ${reached}`;
}
