import type { Attrs, Value } from '../../ir/graph.ts';
import type { KernelFamily, KernelNode } from '../variant.ts';

/** Axes of a map that the templates walk. */
const RANK = 2;

/** A family for convolutions over two axes, for those over one as well: they are maps of height 1. */
export function planar(family: KernelFamily): KernelFamily {
  return {
    variants: family.variants,
    candidates: (node, target) =>
      family.candidates(onPlane(node), target).map((candidate) => ({
        ...candidate,
        calls: (c) => candidate.calls({ ...c, ...onPlane(c) }),
      })),
  };
}

function onPlane({ inputs, outputs, attrs }: KernelNode): KernelNode {
  const missing = RANK - (inputs[0].shape.length - 2);
  if (missing < 0) throw new Error(`no kernel of a convolution over ${RANK - missing} axes`);
  if (missing === 0) return { inputs, outputs, attrs };
  const lifted = ({ shape, ...value }: Value): Value => ({
    ...value,
    shape: [...shape.slice(0, 2), ...ones(missing), ...shape.slice(2)],
  });
  return { inputs: inputs.map(lifted), outputs: outputs.map(lifted), attrs: liftedAttrs(attrs, missing) };
}

const ones = (count: number): number[] => new Array<number>(count).fill(1);

function liftedAttrs(attrs: Attrs, missing: number): Attrs {
  const padding = attrs['padding'] as readonly number[];
  const none = new Array<number>(missing).fill(0);
  const rank = RANK - missing;
  return {
    ...attrs,
    stride: [...ones(missing), ...(attrs['stride'] as readonly number[])],
    dilation: [...ones(missing), ...(attrs['dilation'] as readonly number[])],
    padding: [...none, ...padding.slice(0, rank), ...none, ...padding.slice(-rank)],
  };
}
