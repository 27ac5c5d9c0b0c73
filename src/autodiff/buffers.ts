import { InputError } from '../errors.ts';
import type { GraphBuilder } from '../ir/builder.ts';
import { type DType, elementCount, type Graph, type ValueId } from '../ir/graph.ts';
import type { Buffer, ElaboratedModel } from '../language/model.ts';
import { pack, packGroups } from './packs.ts';

/** The carry that holds what a buffer is to hold after the step. */
const nextOf = (buffer: string) => `next.${buffer}`;

/** Buffers that steps of training set, in groups that are packed together: of one type, and small enough for a binding. */
function updatedBuffers({ buffers }: ElaboratedModel): Buffer[][] {
  return (['f32', 'i32'] satisfies DType[]).flatMap((dtype) => {
    const updated = buffers.filter((buffer) => buffer.next !== undefined && buffer.dtype === dtype);
    return packGroups(updated.map(({ shape }) => shape)).map((group) => group.map((i) => updated[i]));
  });
}

/** A graph that reads, instead of buffers that are set, what they are to hold: micro-batches follow on each other. */
export function readingNext(graph: Graph, { buffers }: ElaboratedModel): Graph {
  const updated = new Set(buffers.filter(({ next }) => next !== undefined).map(({ name }) => name));
  return {
    ...graph,
    sources: graph.sources.map((s) =>
      s.kind === 'buffer' && updated.has(s.name) ? { ...s, kind: 'carry', name: nextOf(s.name) } : s,
    ),
  };
}

/** The carries of a group of buffers, in a graph that may read them already. */
function carriesOf(b: GraphBuilder, group: readonly Buffer[]): ValueId[] {
  return group.map(({ name, shape, dtype }) => b.sharedSource('carry', nextOf(name), shape, dtype));
}

/** Appends to a model's own graph what its buffers are to hold, left in carries. */
export function appendNextBuffers(b: GraphBuilder, model: ElaboratedModel): void {
  for (const group of updatedBuffers(model)) {
    const values = group.map(({ next }) => next!);
    b.update(carriesOf(b, group), pack(b, values));
  }
}

/** Appends that the carries hold what the buffers do: a step of micro-batches begins so. */
export function appendFirstBuffers(b: GraphBuilder, model: ElaboratedModel): void {
  for (const group of updatedBuffers(model)) {
    b.update(carriesOf(b, group), pack(b, sourcesOf(b, group)));
  }
}

/** Appends what the model's buffers hold after the step: what carries say, unless loss or norm is not finite. */
export function appendBufferSteps(
  b: GraphBuilder,
  model: ElaboratedModel,
  { loss, norm2 }: { readonly loss: ValueId; readonly norm2: ValueId },
): void {
  for (const group of updatedBuffers(model)) {
    const sources = sourcesOf(b, group);
    const next = pack(b, carriesOf(b, group));
    b.update(sources, b.apply('buffer_step', [pack(b, sources), next, norm2, loss]));
  }
}

function sourcesOf(b: GraphBuilder, group: readonly Buffer[]): ValueId[] {
  return group.map(({ name, shape, dtype }) => b.source('buffer', name, shape, dtype));
}

/**
 * PyTorch refuses to train a batch norm that sees one value a channel: its variance says nothing.
 *
 * @throws InputError `batch-too-small` that names the module
 */
export function requireBatchStatistics({ name, graph }: ElaboratedModel): void {
  const alone = graph.nodes.find(({ op, attrs, inputs }) => {
    const { shape } = graph.values[inputs[0]] ?? {};
    return op === 'channel_norm' && attrs['over_batch'] && elementCount(shape) === shape[1];
  });
  if (!alone) return;
  throw new InputError(
    'batch-too-small',
    `${alone.scope || name} normalises by the statistics of one value a channel`,
    'a batch of at least 2: in the train section, in --input, or with --batch',
  );
}
