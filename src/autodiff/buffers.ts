import { InputError } from '../errors.ts';
import type { GraphBuilder } from '../ir/builder.ts';
import { type DType, elementCount, type ValueId } from '../ir/graph.ts';
import type { ElaboratedModel } from '../language/model.ts';
import { ownMemory, PACK_ALIGNMENT, packGroups } from './packs.ts';

/** Appends what the model's buffers hold after the step: what the spec says, unless the step's loss is not finite. */
export function appendBufferSteps(
  b: GraphBuilder,
  { buffers }: ElaboratedModel,
  norm2: ValueId,
  loss: ValueId,
): void {
  for (const dtype of ['f32', 'i32'] satisfies DType[]) {
    const updated = buffers.flatMap(({ value, next, dtype: own }) =>
      next !== undefined && own === dtype ? [{ value, next }] : [],
    );
    const values = ownMemory(
      b,
      updated.map((u) => u.next),
    );
    const sources = updated.map((u) => u.value);
    for (const group of packGroups(b, sources)) {
      const pack = (of: readonly ValueId[]) =>
        b.apply(
          'pack',
          group.map((i) => of[i]),
          { align: PACK_ALIGNMENT },
        );
      const step = b.apply('buffer_step', [pack(sources), pack(values), norm2, loss]);
      b.update(
        group.map((i) => sources[i]),
        step,
      );
    }
  }
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
