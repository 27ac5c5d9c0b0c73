import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AcquiredDevice, acquireDevice } from '../../src/adapter/acquire.ts';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import { type Attrs, elementCount } from '../../src/ir/graph.ts';
import { cpuTarget } from '../../src/kernels/targets.ts';
import { ops } from '../../src/ops/index.ts';
import { planProgram } from '../../src/plan/plan.ts';
import { WasmProgram } from '../../src/wasm/execute.ts';
import { relativeError } from '../ops/cases.ts';
import { outputOf, probe } from '../ops/check.ts';
import { checkDispatches } from '../wasm/check-dispatches.ts';

// Convolutions of copies with padding, at sizes that no tile divides: forward and gradients against float64, and each
// dispatch against the interpreter, which finds accesses beyond an end.

let acquired: AcquiredDevice;
beforeAll(async () => {
  acquired = await acquireDevice();
});
afterAll(() => acquired?.destroy());

/**
 * float32 sums of a few thousand terms, relative to the largest value. What Winograd's algorithm adds up is several times
 * larger than the result (its matrices hold numbers up to 8), and so are the errors.
 */
const TOLERANCES: Readonly<Record<string, number>> = { 'padded-lines': 2e-5, winograd: 5e-5 };

interface Probe {
  readonly x: readonly number[];
  readonly weight: readonly number[];
  readonly attrs: Attrs;
}

const probes: Readonly<Record<string, Probe>> = {
  'rows that are no multiple of a tile': {
    x: [2, 3, 4, 37],
    weight: [7, 3, 3, 3],
    attrs: { padding: 1 },
  },
  'planes of short rows': { x: [2, 6, 7, 5], weight: [9, 6, 3, 3], attrs: { padding: 1 } },
  'planes of one column': { x: [3, 2, 11, 1], weight: [4, 2, 3, 3], attrs: { padding: 1 } },
  'one pixel': { x: [2, 3, 1, 1], weight: [5, 3, 3, 3], attrs: { padding: 1 } },
  'a line of planes longer than a part of it': {
    x: [1, 3, 26, 9],
    weight: [2, 3, 3, 3],
    attrs: { padding: 1 },
  },
  'a kernel of even size with padding at one side': {
    x: [1, 3, 8, 41],
    weight: [4, 3, 4, 2],
    attrs: { padding: [1, 0, 2, 1] },
  },
  'more padding than the kernel reaches': {
    x: [1, 2, 5, 33],
    weight: [3, 2, 2, 3],
    attrs: { padding: [3, 4, 2, 5] },
  },
  'no padding': { x: [1, 3, 9, 38], weight: [6, 3, 3, 3], attrs: {} },
  'a stride': { x: [2, 4, 5, 67], weight: [6, 4, 3, 3], attrs: { padding: 1, stride: 2 } },
  'a stride in planes': { x: [2, 4, 11, 13], weight: [6, 4, 3, 3], attrs: { padding: 1, stride: 2 } },
  'strides and dilations that differ': {
    x: [1, 3, 13, 91],
    weight: [5, 3, 3, 5],
    attrs: { padding: [1, 2], stride: [2, 3], dilation: [3, 2] },
  },
  'a stride beyond the kernel': { x: [1, 2, 16, 70], weight: [3, 2, 2, 1], attrs: { stride: 3, padding: 1 } },
  patches: { x: [1, 3, 8, 68], weight: [6, 3, 4, 4], attrs: { stride: 4 } },
  'a wide kernel with a stride': {
    x: [1, 2, 11, 75],
    weight: [4, 2, 7, 7],
    attrs: { stride: 2, padding: 3 },
  },
  groups: { x: [2, 6, 6, 35], weight: [9, 2, 3, 3], attrs: { padding: 1, groups: 3 } },
  'groups of many channels': { x: [2, 4, 5, 30], weight: [12, 2, 3, 3], attrs: { padding: 1, groups: 2 } },
  'groups of two channels': { x: [1, 4, 6, 35], weight: [4, 2, 3, 3], attrs: { padding: 1, groups: 2 } },
  depthwise: { x: [2, 5, 9, 35], weight: [5, 1, 3, 3], attrs: { padding: 1, groups: 5 } },
  'depthwise in planes': { x: [1, 19, 7, 7], weight: [19, 1, 3, 3], attrs: { padding: 1, groups: 19 } },
  'depthwise with a wide kernel and a stride': {
    x: [1, 3, 15, 43],
    weight: [3, 1, 7, 5],
    attrs: { padding: [3, 2], stride: 2, groups: 3 },
  },
};

/** 3×3 taps without strides and groups, by Winograd's algorithm: more tiles than a block has, and blocks of all channels or some. */
const winograd: readonly (readonly [name: string, probe: Probe])[] = [
  ...[
    'rows that are no multiple of a tile',
    'planes of short rows',
    'planes of one column',
    'one pixel',
    'no padding',
  ].map((name) => [name, probes[name]] as const),
  ['blocks that end within rows', { x: [3, 5, 22, 41], weight: [6, 5, 3, 3], attrs: { padding: 1 } }],
  [
    'more padding than the window',
    { x: [2, 3, 6, 10], weight: [5, 3, 3, 3], attrs: { padding: [2, 0, 1, 2] } },
  ],
  ['source channels in parts', { x: [1, 400, 6, 6], weight: [5, 400, 3, 3], attrs: { padding: 1 } }],
  ['blocks of some target channels', { x: [1, 6, 9, 18], weight: [21, 6, 3, 3], attrs: { padding: 1 } }],
];

const cases = [
  ...Object.entries(probes).map(([name, p]) => [name, 'padded-lines', p] as const),
  ...winograd.map(([name, p]) => [name, 'winograd', p] as const),
];

describe.each(cases)('%s, %s', (_, variant, { x, weight, attrs }) => {
  const p = probe([x, weight], (b, inputs) => [b.apply('silu', [b.apply('conv2d', inputs, attrs)])]);
  const kernels = new Map(
    ['convolution', 'convolution_grad_input', 'convolution_grad_weight'].map((op) => [
      op,
      op === 'convolution_grad_weight' ? 'padded-lines' : variant,
    ]),
  );
  const program = planProgram({ forward: p.graph }, ops, kernelRenderer(), {
    model: 'probe',
    batch: 1,
    target: cpuTarget,
    kernels,
  });
  const prepared = () => {
    const wasm = new WasmProgram(program, { bounds: 'trusted', relaxed: false });
    for (const tensor of program.tensors) {
      const source = p.graph.sources.find((s) => s.name === tensor.name);
      if (tensor.kind === 'input' && source)
        wasm.view(tensor).set(Float32Array.from(p.feeds.get(source.value)!.data));
    }
    return wasm;
  };

  test('equals float64', () => {
    const wasm = prepared();
    wasm.run('forward');
    for (const output of program.entries['forward'].outputs) {
      const truth = outputOf(p, output.name).data;
      expect(relativeError(wasm.view(output), truth), output.name).toBeLessThan(TOLERANCES[variant]);
    }
  });

  test('its kernels are WGSL', async () => {
    for (const { name, wgsl } of program.kernels) {
      acquired.device.pushErrorScope('validation');
      const { messages } = await acquired.device.createShaderModule({ code: wgsl }).getCompilationInfo();
      await acquired.device.popErrorScope();
      expect(
        messages.map((m) => m.message),
        name,
      ).toEqual([]);
    }
  });

  // The interpreter takes half a minute for a few hundred tiles.
  const isLong = variant === 'winograd' && elementCount(x) > 10;
  test.skipIf(isLong)('each dispatch does as the interpreter says, within its memory', () => {
    checkDispatches(program, prepared());
  });
});
