import type { Target } from '../../ir/target.ts';
import { windowOf } from '../../ops/convolution/geometry.ts';
import { productCandidates, productDocs } from '../contraction/products.ts';
import { tileNeeds } from '../tiles.ts';
import type { Candidate, KernelFamily, KernelNode } from '../variant.ts';
import { forwardGemm, inputGradientGemm, isPartition, isUnpadded, weightGradientGemm } from './as-gemm.ts';
import { planar } from './planar.ts';
import { type DirectConvolution, forwardProblem, inputGradientProblem } from './problem.ts';
import { directCost, registerTiles } from './register-tiles.ts';
import { weightCost, weightRegisterTiles } from './weight-register-tiles.ts';
import { weightTiledCost, weightWorkgroupTiles } from './weight-workgroup-tiles.ts';
import { tiledCost, workgroupTiles } from './workgroup-tiles.ts';

// A convolution without padding is a plain product; its variants have the same names as those of other convolutions.

export const convolution: KernelFamily = planar({
  variants: productDocs,
  candidates: (node, target) => {
    const w = windowOf(node.attrs, 2);
    const [x, weight] = node.inputs;
    if (isUnpadded(w)) return productCandidates(forwardGemm(w, x, weight, node.outputs[0]), target);
    return direct(forwardProblem(node), target);
  },
});

export const convolutionInputGradient: KernelFamily = planar({
  variants: productDocs,
  candidates: (node, target) => {
    const w = windowOf(node.attrs, 2);
    const [dy, weight] = node.inputs;
    const [dx] = node.outputs;
    if (isUnpadded(w) && isPartition(w, dx.shape, weight.shape, dy.shape)) {
      return productCandidates(inputGradientGemm(w, dy, weight, dx), target);
    }
    return direct(inputGradientProblem(node), target);
  },
});

export const convolutionWeightGradient: KernelFamily = planar({
  variants: productDocs,
  candidates: (node, target) => {
    const w = windowOf(node.attrs, 2);
    const [x, dy] = node.inputs;
    if (isUnpadded(w)) return productCandidates(weightGradientGemm(w, x, dy, node.outputs[0]), target);
    return weightGradient(node, target);
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
