import { resolveAxis } from '../../ir/axis.ts';
import { elementCount } from '../../ir/graph.ts';
import { PACK_ALIGNMENT } from '../../ir/packing.ts';
import { parseEquation } from '../../ops/contraction/equation.ts';
import type { Rule } from '../rewrite.ts';

/**
 * A contraction with a weight whose result is only cut in two, along the weight's first axis, is two contractions with
 * the halves of the weight, which lie in it: as many dispatches, and nothing is written twice.
 */
export const halvesOfContraction: Rule = (node, r, origin) => {
  if (node.op !== 'split' || node.outputs.length !== 2) return undefined;
  const [whole] = origin.inputs;
  const from = r.before.producer(whole);
  if (from?.op !== 'einsum' || r.before.readers(whole).length !== 1 || r.before.isResult(whole))
    return undefined;
  const { a, b, out } = parseEquation(from.attrs['equation'] as string);
  const letter = out[resolveAxis(node.attrs['axis'] as number, out.length)];
  const terms = [a, b];
  const at = terms.findIndex((term, k) => term.includes(letter) && !terms[1 - k].includes(letter));
  const weight = from.inputs[at];
  if (at < 0 || r.before.producer(weight) !== undefined) return undefined;
  const shape = r.before.shape(weight);
  const axis = terms[at].indexOf(letter);
  const sizes = node.attrs['sizes'] as readonly number[];
  const bound = (sizes[0] * elementCount(shape.slice(axis + 1))) % PACK_ALIGNMENT === 0;
  if (!bound || shape.slice(0, axis).some((n) => n !== 1)) return undefined;
  const ranges = [
    [0, sizes[0]],
    [sizes[0], sizes[0] + sizes[1]],
  ];
  return ranges.map(([start, end]) => {
    const half = r.apply('part', [weight], { axis, start, end });
    const operands = from.inputs.map((v, k) => (k === at ? half : r.now(v)));
    return r.apply('einsum', operands, from.attrs);
  });
};
