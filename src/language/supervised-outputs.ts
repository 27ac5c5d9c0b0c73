import type { TrainDecl } from '../../grammar/ast.ts';
import { type Dims, formatDims } from '../ir/dim.ts';
import { pow } from '../math.ts';
import { comparedOutputs } from './compared.ts';
import type { Context } from './context.ts';
import type { ModelOutput, TrainSection } from './model.ts';
import { showPath } from './values.ts';

/**
 * Reports outputs that the labels of a step cannot supervise: these are maps of the first output's size, one for each
 * target, so all outputs of a weight other than 0 must have a size that labels can take, and those of one target one
 * number of classes.
 */
export function checkSupervised(
  c: Context,
  decl: TrainDecl,
  section: TrainSection,
  outputs: readonly ModelOutput[],
): void {
  const setting = decl.entries.find(({ key }) => key.name === 'supervise');
  const compared = comparedOutputs(outputs, section);
  const labelsOf = ({ name }: ModelOutput) => compared.find(({ output }) => output.name === name)?.labels;
  for (const { output, problem } of problemsOf(section.supervise, outputs, labelsOf)) {
    const own = section.heads?.[output.name]?.span;
    const span = own ?? setting?.value.span ?? decl.name.span;
    const label = { span, text: 'supervised by this section' };
    c.report('supervised-output', output.span, { output: output.name, problem }, { labels: [label] });
  }
}

/** @param labelsOf what is the same for outputs with the same target */
function problemsOf(
  weights: readonly number[],
  outputs: readonly ModelOutput[],
  labelsOf: (output: ModelOutput) => string | undefined = () => undefined,
): { readonly output: ModelOutput; readonly problem: string }[] {
  const supervised = outputs.filter((_, i) => weights[i] !== 0);
  const finest = outputs[0];
  const first = supervised[0];
  return supervised.flatMap((output) => {
    const alike = supervised.find((other) => labelsOf(other) === labelsOf(output)) ?? output;
    const problem =
      notLogits(output.dims) ??
      (notLogits(alike.dims) ? undefined : otherClasses(output, alike)) ??
      // Where the first output is supervised and no logits, that has been said of itself.
      (finest === first && notLogits(finest.dims) ? undefined : otherSize(output.dims, finest));
    return problem === undefined ? [] : [{ output, problem }];
  });
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

/**
 * Warns of outputs but the first, where no section says that they are trained, nor that they are not.
 *
 * @param described names of outputs that have settings of their own
 */
export function warnUnsupervised(
  c: Pick<Context, 'own' | 'report'>,
  outputs: readonly ModelOutput[],
  described: ReadonlySet<string>,
): void {
  const all = outputs.map(() => 1);
  const problems = new Map(problemsOf(all, outputs).map(({ output, problem }) => [output, problem]));
  // As `halving` weighs them, those left out that labels cannot supervise.
  const halves = outputs.map((output, i) => (problems.has(output) ? 0 : pow(2, -i)));
  /** Whether nothing but its classes differs from what labels can supervise. */
  const sized = ({ dims }: ModelOutput) => !notLogits(dims) && !otherSize(dims, outputs[0]);
  const supervise = (weights: readonly number[]) => `\`supervise = weights(<${weights.join(', ')}>)\``;
  outputs.forEach((output, i) => {
    if (i === 0 || described.has(output.name) || !c.own.has(output.span.file)) return;
    const without = supervise(halves.map((w, j) => (i === j ? 0 : w)));
    const problem = problems.get(output);
    const trained = problems.size === 0 ? '`supervise = halving()`' : supervise(halves);
    const hint =
      problem === undefined
        ? `add ${trained}, or ${without} where it shall have no loss`
        : `labels cannot supervise it (${problem}): ${without} says that it has no loss${sized(output) ? `; \`output ${showPath(output.name)} { target = […] }\` in the train section gives it classes of its own` : ''}`;
    c.report(
      'unsupervised-output',
      output.span,
      { what: `the output \`${showPath(output.name)}\`` },
      { hint },
    );
  });
}
