import { expect, test } from 'vitest';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import type { Graph } from '../../src/ir/graph.ts';
import { cpuTarget } from '../../src/kernels/targets.ts';
import { ops } from '../../src/ops/index.ts';
import type { ForcedKernels } from '../../src/plan/candidates.ts';
import { planProgram } from '../../src/plan/plan.ts';
import { WasmProgram } from '../../src/wasm/execute.ts';
import { allVariants, forOtherKinds, rounds } from '../kernels/forced.ts';
import { oddSizes } from '../kernels/odd-sizes.ts';
import { caseNames, firstCases, opCase, relativeError } from '../ops/cases.ts';

// Every variant of every op computes as WebAssembly what that op's fixtures say, whatever it costs.

/** float32 kernels against float64 truths, relative to the tensor's largest value: as on WebGPU. */
const TOLERANCE = 1e-4;
/** Random numbers instead of a fixture's, which rounds them. */
const ODD_TOLERANCE = 2e-5;

type Numbers = ArrayLike<number>;

/** The outputs of a graph, by name. */
function run(graph: Graph, feeds: (name: string) => Numbers | undefined, forced: ForcedKernels) {
  const program = planProgram({ forward: graph }, ops, kernelRenderer(), {
    model: 'case',
    batch: 1,
    target: cpuTarget,
    kernels: forced,
  });
  const wasm = new WasmProgram(program, { bounds: 'trusted', relaxed: false });
  for (const tensor of program.tensors) {
    const feed = feeds(tensor.name);
    if (tensor.kind === 'input' && feed) wasm.view(tensor).set(feed);
  }
  wasm.run('forward');
  return new Map(program.entries['forward'].outputs.map((o) => [o.name, wasm.view(o)]));
}

const seen = new Set<string>();
const others = new Set<string>();

function note(graph: Graph, all: readonly ForcedKernels[]): void {
  for (const [op, variant] of all.flatMap((forced) => [...forced])) seen.add(`${op}=${variant}`);
  for (const variant of forOtherKinds(graph, cpuTarget)) others.add(variant);
}

/** The first of each op, and the odd sizes below, have every variant: the last test sees to it. The others in the full run. */
const names = process.env['ARCHC_FULL'] === '1' ? caseNames : firstCases;

test.each(names)('%s by each variant', (name) => {
  const { graph, feeds, expected } = opCase(name);
  const all = rounds(graph, cpuTarget);
  for (const forced of all) {
    const results = run(graph, (key) => feeds.get(key)?.data, forced);
    for (const [key, truth] of expected) {
      const error = relativeError(results.get(key)!, truth);
      expect(error, `${key} by ${JSON.stringify([...forced])}`).toBeLessThan(TOLERANCE);
    }
  }
  note(graph, all);
});

test.each(Object.entries(oddSizes))('%s', (_, make) => {
  const { graph, feeds, results } = make();
  const inputs = new Map(graph.sources.map((s) => [s.name, feeds.get(s.value)!.data]));
  const all = rounds(graph, cpuTarget);
  expect(all.length).toBeGreaterThan(1);
  for (const forced of all) {
    const outputs = run(graph, (name) => inputs.get(name), forced);
    for (const { name, value } of graph.outputs) {
      const error = relativeError(outputs.get(name)!, results.get(value)!.data);
      expect(error, `${name} by ${JSON.stringify([...forced])}`).toBeLessThan(ODD_TOLERANCE);
    }
  }
  note(graph, all);
});

/** Ops all of whose variants the cases above have shapes for; copies and sums over lines have tests of their own. */
const COVERED = /^(einsum|convolution\w*|layer_norm\w*|channel_norm\w*|selective_scan\w*)=/;

test('every variant of products, convolutions, norms and scans was run that is not made for another kind of device', () => {
  const missing = allVariants.filter((name) => !seen.has(name) && !others.has(name));
  expect(missing.filter((name) => COVERED.test(name))).toEqual([]);
});
