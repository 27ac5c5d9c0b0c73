import { CLASS_ARGUMENTS, isOfRegions, MOST_REGIONS } from '../recipe/losses.ts';
import type { Context } from './context.ts';
import type { ModelOutput } from './model.ts';
import type { WrittenTerm } from './train-forms.ts';

/**
 * Reports losses that do not go together, or not with the outputs that they compare.
 *
 * @param outputs none where something is wrong with them
 */
export function checkLosses(
  c: Pick<Context, 'report'>,
  terms: readonly WrittenTerm[],
  outputs: readonly ModelOutput[],
): void {
  const regions = terms.find(({ term }) => isOfRegions(term));
  const classes = terms.find(({ term }) => !isOfRegions(term));
  if (regions && classes) {
    const names = { regions: regions.term.kind, classes: classes.term.kind };
    const [first, second] =
      terms.indexOf(regions) < terms.indexOf(classes) ? [regions, classes] : [classes, regions];
    const label = { span: first.span, text: first === regions ? 'of regions' : 'of classes' };
    c.report('mixed-losses', second.span, names, { labels: [label] });
  }
  for (const term of terms) checkSmoothed(c, term);
  // An output without axis 1 has been reported; of those with as many classes one is enough.
  const sized = outputs.filter(({ dims }) => dims.length >= 2);
  const sizes = sized.map(({ dims }) => dims[1].size);
  for (const output of sized.filter((_, i) => sizes.indexOf(sizes[i]) === i))
    for (const term of terms) checkOutput(c, term, output);
}

/** Smoothed targets of a class that counts nothing would be divided by its weight. */
function checkSmoothed(c: Pick<Context, 'report'>, { term, args }: WrittenTerm): void {
  if (term.kind !== 'cross_entropy' || term.label_smoothing === 0) return;
  const weights = args.get('weights');
  if (weights && term.weights?.includes(0)) {
    const found = 'a weight of 0';
    const expected = 'more than 0 in each entry, where labels are smoothed';
    c.report('illegal-value', weights.span, { what: '`weights` of cross_entropy', expected, found });
  }
}

function checkOutput(c: Pick<Context, 'report'>, written: WrittenTerm, output: ModelOutput): void {
  const { term, span, args } = written;
  const { size } = output.dims[1];
  const labels = [{ span: output.span, text: `\`${output.name}\` has ${size} classes` }];
  for (const name of CLASS_ARGUMENTS) {
    const given: unknown = Object.entries(term).find(([key]) => key === name)?.[1];
    if (!Array.isArray(given) || given.length === size) continue;
    const what = `\`${name}\` of ${term.kind}`;
    c.report(
      'wrong-length',
      args.get(name)?.span ?? span,
      { what, expected: size, found: given.length },
      { labels },
    );
  }
  const refuse = (expected: string, found: string) =>
    c.report('loss-output', span, { loss: term.kind, expected, output: output.name, found });
  if (isOfRegions(written.term)) {
    if (size > MOST_REGIONS) refuse(`at most ${MOST_REGIONS} regions`, `${size} channels`);
  } else if ('background' in term && !term.background && size < 2) {
    refuse('a class beside the background', 'one channel');
  }
}
