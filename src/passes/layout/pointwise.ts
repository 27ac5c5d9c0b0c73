import type { Node, ValueId } from '../../ir/graph.ts';
import { axisLetters } from '../../ops/contraction/letters.ts';
import type { GraphIndex, Rule } from '../rewrite.ts';
import { reshaped } from './contraction.ts';

/** Which of a convolution's x, weight and result are its operands, and which its result. */
const roles: Readonly<
  Record<string, { readonly operands: readonly ['x' | 'y', 'w' | 'y']; readonly result: 'x' | 'w' | 'y' }>
> = {
  convolution: { operands: ['x', 'w'], result: 'y' },
  convolution_grad_input: { operands: ['y', 'w'], result: 'x' },
  convolution_grad_weight: { operands: ['x', 'y'], result: 'w' },
};

/**
 * A convolution whose kernel is one pixel is a contraction over the channels. It becomes one beside a permute, which
 * the contraction then may take in.
 */
export const pointwiseConvolution: Rule = (node, r, origin) => {
  const role = roles[node.op];
  if (role === undefined || !isPointwise(node) || !besidePermute(origin, r.before)) return undefined;
  const shapes = [...node.inputs, ...node.outputs].map((v) => r.shape(v));
  const names = [...role.operands, role.result];
  const weight = shapes[names.indexOf('w')];
  if (weight.slice(2).some((n) => n !== 1)) return undefined;
  const [n, c, o, ...space] = axisLetters(weight.length + 1);
  const terms = { x: [n, c, ...space], w: [o, c], y: [n, o, ...space] };
  const [a, b] = node.inputs.map((v, k) =>
    role.operands[k] === 'w' ? reshaped(v, weight.slice(0, 2), r) : v,
  );
  const [left, right] = role.operands.map((name) => terms[name].join(' '));
  const equation = `${left}, ${right} -> ${terms[role.result].join(' ')}`;
  return [reshaped(r.apply('einsum', [a, b], { equation }), r.shape(node.outputs[0]), r)];
};

function isPointwise({ attrs }: Node): boolean {
  const all = (name: string, value: number) => (attrs[name] as readonly number[]).every((n) => n === value);
  return attrs['groups'] === 1 && all('stride', 1) && all('padding', 0);
}

function besidePermute(node: Node, index: GraphIndex): boolean {
  const [y] = node.outputs;
  const behind = index.readers(y);
  const isPermute = (v: ValueId) => index.producer(v)?.op === 'permute';
  return node.inputs.some(isPermute) || (behind.length === 1 && behind[0].op === 'permute');
}
