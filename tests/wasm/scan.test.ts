import { describe, expect, test } from 'vitest';
import { acquireDevice } from '../../src/adapter/acquire.ts';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import { GraphBuilder } from '../../src/ir/builder.ts';
import { elementCount, type Shape } from '../../src/ir/graph.ts';
import { cpuTarget } from '../../src/kernels/targets.ts';
import { ops } from '../../src/ops/index.ts';
import { crossScan } from '../../src/ops/scan/cross-scan.ts';
import { planProgram } from '../../src/plan/plan.ts';
import { WasmProgram } from '../../src/wasm/execute.ts';
import { buildScan, type ScanCase, scanErrors, scanName } from '../ops/scan-cases.ts';

/** float32 beside float64, relative to the tensor's largest value: as on WebGPU. */
const TOLERANCE = 1e-4;

/** Whole sequences as WebAssembly, whatever else may be chosen for such sizes. */
const walked = new Map([
  ['selective_scan', 'walk'],
  ['selective_scan_backward', 'walk'],
]);

function errors(c: ScanCase): Map<string, number> {
  const { graph, feeds } = buildScan(c);
  const program = planProgram({ forward: graph }, ops, kernelRenderer(), {
    model: 'scan',
    batch: c.batch,
    target: cpuTarget,
    kernels: c.states > 16 ? new Map([['selective_scan', 'walk']]) : walked,
  });
  const wasm = new WasmProgram(program, { bounds: 'trusted', relaxed: false });
  for (const tensor of program.tensors) {
    const feed = feeds.get(tensor.name);
    // What is there before is no number: nothing may be read that was not written.
    if (tensor.dtype === 'f32') wasm.view(tensor).fill(Number.NaN);
    if (tensor.kind === 'input' && feed) wasm.view(tensor).set(feed);
  }
  wasm.run('forward');
  const { outputs } = program.entries['forward'];
  return scanErrors(c, graph, feeds, (name) => wasm.view(outputs.find((o) => o.name === name)!));
}

describe('walks along whole sequences equal the reference, forward and all gradients', () => {
  const cases: ScanCase[] = [
    // Around four steps, a block of 32 of the gradient, and one of 64 of the scan and what is laid out before it.
    ...[1, 2, 3, 4, 5, 31, 32, 33, 63, 64, 65, 130].map((length) => {
      return { batch: 2, groups: 2, depth: 3, states: 8, length };
    }),
    // Around vectors of states, and more of them than are held at once.
    ...[1, 2, 5, 15, 16, 17, 21, 64].map((states) => ({ batch: 1, groups: 4, depth: 5, states, length: 39 })),
    // More channels than a thread takes, and a last thread with fewer.
    { batch: 1, groups: 1, depth: 150, states: 4, length: 21 },
    { batch: 5, groups: 4, depth: 33, states: 16, length: 12 },
    { batch: 2, groups: 3, depth: 7, states: 8, length: 70, softplus: false },
    // States that live long, and a bias that makes long steps: states die at once.
    { batch: 1, groups: 1, depth: 4, states: 4, length: 3201, bias: -6 },
    { batch: 1, groups: 1, depth: 8, states: 16, length: 200, bias: 60 },
  ];
  test.each(cases.map((c) => [scanName(c), c] as const))('%s', (_, c) => {
    for (const [name, error] of errors(c)) expect(error, name).toBeLessThan(TOLERANCE);
  });
});

describe('maps as sequences and back by blocks', () => {
  // Sides around four and around the 16 rows of a thread.
  test.each([[[2, 3, 4, 5]], [[1, 1, 1, 1]], [[3, 5, 7, 2]], [[1, 2, 16, 20]], [[1, 3, 35, 18]]])(
    '%j',
    (shape: Shape) => {
      const [batch, , height, width] = shape;
      const b = new GraphBuilder(ops);
      const x = b.source('input', 'x', shape);
      const y = b.apply('cross_scan', [x]);
      const merged = b.apply('cross_merge', [y], { height, width });
      b.output('y', y);
      b.output('merged', merged);
      const graph = b.build();
      const program = planProgram({ forward: graph }, ops, kernelRenderer(), {
        model: 'cross',
        batch,
        target: cpuTarget,
        kernels: new Map([
          ['cross_scan', 'blocks'],
          ['cross_merge', 'blocks'],
        ]),
      });
      const wasm = new WasmProgram(program, { bounds: 'trusted', relaxed: false });
      const [input] = program.tensors;
      const data = Float32Array.from({ length: elementCount(shape) }, (_, i) => (i % 9973) + 1);
      wasm.view(input).set(data);
      wasm.run('forward');
      const [sequences, sums] = program.entries['forward'].outputs.map((o) => wasm.view(o));
      const [truth] = crossScan.reference([{ shape, data: Float64Array.from(data) }], {}, [
        graph.values[y].shape,
      ]);
      expect([...sequences]).toEqual([...truth.data]);
      // Each pixel comes back from four places.
      expect([...sums]).toEqual([...data.map((v) => 4 * v)]);
    },
  );
});

test('kernels of walks and blocks are WGSL', async () => {
  const b = new GraphBuilder(ops);
  const y = b.apply('cross_scan', [b.source('input', 'x', [1, 2, 8, 8])]);
  b.output('y', b.apply('cross_merge', [y], { height: 8, width: 8 }));
  const blocks = ['cross_scan', 'cross_merge'].map((op) => [op, 'blocks'] as const);
  const { graph } = buildScan({ batch: 1, groups: 2, depth: 8, states: 16, length: 40 });
  const acquired = await acquireDevice();
  for (const [forward, kernels] of [
    [b.build(), new Map(blocks)],
    [graph, walked],
  ] as const) {
    const options = { model: 'scan', batch: 1, target: cpuTarget, kernels };
    for (const { name, wgsl } of planProgram({ forward }, ops, kernelRenderer(), options).kernels) {
      acquired.device.pushErrorScope('validation');
      const { messages } = await acquired.device.createShaderModule({ code: wgsl }).getCompilationInfo();
      await acquired.device.popErrorScope();
      const texts = messages.map((m) => m.message);
      expect(texts, name).toEqual([]);
    }
  }
  acquired.destroy();
});
