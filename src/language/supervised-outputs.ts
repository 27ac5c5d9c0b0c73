import type { TrainDecl } from '../../grammar/ast.ts';
import { type Dims, formatDims } from '../ir/dim.ts';
import type { Context } from './context.ts';
import type { ModelOutput } from './program.ts';
import { showPath } from './values.ts';

/**
 * Reports outputs that the labels of a step cannot supervise: they are one map of class ids, of the first output's
 * size, so all outputs of a weight other than 0 must have one number of classes and a size that labels can take.
 *
 * @param weights one an output
 */
export function checkSupervised(
  c: Context,
  decl: TrainDecl,
  weights: readonly number[],
  outputs: readonly ModelOutput[],
): void {
  const supervised = outputs.filter((_, i) => weights[i] !== 0);
  const finest = outputs[0];
  const first = supervised[0];
  if (!finest || !first) return;
  const setting = decl.entries.find(({ key }) => key.name === 'supervise');
  for (const output of supervised) {
    const problem =
      notLogits(output.dims) ??
      (notLogits(first.dims) ? undefined : otherClasses(output, first)) ??
      // Where the first output is supervised and no logits, that has been said of itself.
      (finest === first && notLogits(finest.dims) ? undefined : otherSize(output.dims, finest));
    if (problem === undefined) continue;
    const label = { span: setting?.value.span ?? decl.name.span, text: 'supervised by this section' };
    c.report('supervised-output', output.span, { output: output.name, problem }, { labels: [label] });
  }
}

function notLogits(dims: Dims): string | undefined {
  // Every output begins with the batch.
  if (dims.length >= 2) return undefined;
  return `it is ${formatDims(dims)}, not [B, classes, ...]`;
}

function otherClasses({ dims }: ModelOutput, first: ModelOutput): string | undefined {
  if (dims[1].equals(first.dims[1])) return undefined;
  return `it has ${dims[1].size} classes, \`${first.name}\` has ${first.dims[1].size}`;
}

function otherSize(dims: Dims, finest: ModelOutput): string | undefined {
  const [own, full] = [dims.slice(2), finest.dims.slice(2)];
  const alike = own.length === full.length && own.every((d, i) => d.equals(full[i]));
  const planes = [own, full].every((size) => size.length === 2 && size.every((d) => d.size > 0));
  if (alike || planes) return undefined;
  return `it is ${formatDims(dims)}, and labels of the size of \`${finest.name}\` ${formatDims(finest.dims)} cannot be resized to that`;
}

/** Whether a section says which outputs are trained; without that it is the first alone. */
export const supervises = ({ entries }: TrainDecl): boolean =>
  entries.some((e) => e.key.name === 'supervise');

/** Warns of outputs but the first, where no section says that they are trained, nor that they are not. */
export function warnUnsupervised(c: Pick<Context, 'own' | 'report'>, outputs: readonly ModelOutput[]): void {
  for (const { name, span } of outputs.slice(1))
    if (c.own.has(span.file))
      c.report('unsupervised-output', span, { what: `the output \`${showPath(name)}\`` });
}
