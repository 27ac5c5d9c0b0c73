import type { Target } from '../../ir/target.ts';
import { type Window, windowOf } from '../../ops/convolution/geometry.ts';
import { productCandidates, productDocs } from '../contraction/products.ts';
import { tileNeeds } from '../tiles.ts';
import type { Candidate, KernelFamily, KernelNode } from '../variant.ts';
import {
  forwardGemm,
  inputGradientGemm,
  isPartition,
  isPointwise,
  isUnpadded,
  weightGradientGemm,
} from './as-gemm.ts';
import { paddedCost, paddedLines, paddedNeeds } from './padded-lines.ts';
import { planar } from './planar.ts';
import { type DirectConvolution, forwardProblem, inputGradientProblem } from './problem.ts';
import { directCost, registerTiles } from './register-tiles.ts';
import { weightPaddedCost, weightPaddedLines } from './weight-padded-lines.ts';
import { weightCost, weightRegisterTiles } from './weight-register-tiles.ts';
import { weightTiledCost, weightWorkgroupTiles } from './weight-workgroup-tiles.ts';
import { winogradCandidates } from './winograd.ts';
import { tiledCost, workgroupTiles } from './workgroup-tiles.ts';

// A convolution without padding is a plain product; its variants have the same names as those of other convolutions.

const variants: KernelFamily['variants'] = {
  ...productDocs,
  'padded-lines':
    'Copies maps with their padding, so that tiles of neighbouring pixels are read by vectors wherever a tap lies.',
};

const withWinograd: KernelFamily['variants'] = {
  ...variants,
  winograd:
    'Multiplies tiles of 4×4 pixels by 3×3 taps with 36 products instead of 144, in transformed form (Winograd).',
};

export const convolution: KernelFamily = planar({
  variants: withWinograd,
  candidates: (node, target) => {
    const w = windowOf(node.attrs, 2);
    const [x, weight] = node.inputs;
    const problem = forwardProblem(node);
    const others = isUnpadded(w)
      ? productCandidates(forwardGemm(w, x, weight, node.outputs[0]), target)
      : direct(problem, target);
    return [...others, ...padded(w, problem, target), ...winogradCandidates(problem, target)];
  },
});

export const convolutionInputGradient: KernelFamily = planar({
  variants: withWinograd,
  candidates: (node, target) => {
    const w = windowOf(node.attrs, 2);
    const [dy, weight] = node.inputs;
    const [dx] = node.outputs;
    const problem = inputGradientProblem(node);
    const others =
      isUnpadded(w) && isPartition(w, dx.shape, weight.shape, dy.shape)
        ? productCandidates(inputGradientGemm(w, dy, weight, dx), target)
        : direct(problem, target);
    return [...others, ...padded(w, problem, target), ...winogradCandidates(problem, target)];
  },
});

export const convolutionWeightGradient: KernelFamily = planar({
  variants,
  candidates: (node, target) => {
    const w = windowOf(node.attrs, 2);
    const [x, dy] = node.inputs;
    const others = isUnpadded(w)
      ? productCandidates(weightGradientGemm(w, x, dy, node.outputs[0]), target)
      : weightGradient(node, target);
    if (isPointwise(w, node.outputs[0].shape.slice(2))) return others;
    return [
      ...others,
      {
        name: 'padded-lines',
        needs: { kind: 'cpu' },
        cost: weightPaddedCost(node, target),
        calls: weightPaddedLines,
      },
    ];
  },
});

function direct(problem: DirectConvolution, target: Target): Candidate[] {
  return [
    {
      name: 'register-tiles',
      needs: {},
      cost: directCost(problem, target),
      calls: (c) => registerTiles(c, problem),
    },
    {
      name: 'workgroup-tiles',
      needs: tileNeeds,
      cost: tiledCost(problem, target),
      calls: (c) => workgroupTiles(c, problem),
    },
  ];
}

function padded(w: Window, problem: DirectConvolution, target: Target): Candidate[] {
  if (isPointwise(w, problem.taps)) return [];
  return [
    {
      name: 'padded-lines',
      needs: paddedNeeds,
      cost: paddedCost(problem, target),
      calls: (c) => paddedLines(c, problem),
    },
  ];
}

function weightGradient(node: KernelNode, target: Target): Candidate[] {
  return [
    { name: 'register-tiles', needs: {}, cost: weightCost(node, target), calls: weightRegisterTiles },
    {
      name: 'workgroup-tiles',
      needs: tileNeeds,
      cost: weightTiledCost(node, target),
      calls: weightWorkgroupTiles,
    },
  ];
}
