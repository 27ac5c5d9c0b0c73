import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GraphBuilder } from '../../src/ir/builder.ts';
import type { ElementwiseLowering } from '../../src/ir/kernel.ts';
import type { PrimitiveOp } from '../../src/ir/op.ts';
import { elaborate, loadSpec } from '../../src/language/index.ts';
import { memoryFiles } from '../../src/language/memory-files.ts';
import { f32 } from '../../src/ops/elementwise.ts';
import { ops } from '../../src/ops/index.ts';
import { openWebgpu, useDevice } from '../device.ts';
import { runOn } from './run.ts';

/** WGSL's decimal float literals with the suffix `f`, and a minus sign before them. */
const literal = /^-?(0|[1-9]\d*)?(\.\d+)?([eE][+-]?\d+)?f$/;
const largest = (2 - 2 ** -23) * 2 ** 127;

/** The number that a literal stands for, if it is one that WGSL allows. */
function parsed(text: string): number {
  expect(text).toMatch(literal);
  // `1f` is one too, but `.5f` and `f` are not what `f32` should print.
  expect(text).toMatch(/^-?\d/);
  const value = Number(text.slice(0, -1));
  expect(Math.abs(value)).toBeLessThanOrEqual(largest);
  return value;
}

/** Doubles of all sizes, those at the ends of the 32-bit range more often. */
const edges = [
  largest,
  2 ** 128 - 2 ** 103 - 2 ** 75,
  2 ** -126,
  2 ** -149,
  2 ** -150,
  1.1754943e-38,
  0,
  -0,
  1,
  0.1,
];
const numbers = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.double({ min: -1e39, max: 1e39, noNaN: true }),
  fc.double({ min: -1e-37, max: 1e-37, noNaN: true }),
  fc.constantFrom(...edges, ...edges.map((x) => -x)),
  fc.integer(),
);

describe('a number as a WGSL literal', () => {
  test('is valid and rounds to the 32-bit float that the number rounds to', () => {
    fc.assert(
      fc.property(numbers, (x) => {
        const held = Math.fround(x);
        if (Number.isFinite(held)) expect(Object.is(Math.fround(parsed(f32(x))), held)).toBe(true);
        else expect(() => f32(x)).toThrow('no 32-bit float');
      }),
      { numRuns: process.env['ARCHC_FULL'] === '1' ? 1_000_000 : 5_000 },
    );
  });
});

describe('a constant of a spec', () => {
  test('is a 32-bit float where check finds no fault with it', () => {
    const text =
      'model M(n: float = 1) {\n  input x: [B, 2]\n  forward { y = x * n + n }\n  output o: [B, 2] = y\n}\n';
    fc.assert(
      fc.property(numbers, (x) => {
        const loaded = loadSpec('m.arch', memoryFiles({ 'm.arch': text }));
        const set = { n: Number.isInteger(x) && Math.abs(x) > 1e15 ? x.toExponential() : String(x) };
        const { model, diagnostics } = elaborate(loaded, undefined, set, 1, ops, { training: false });
        const held = Math.fround(x);
        const code = Number.isFinite(held)
          ? held !== 0 && Math.abs(held) >= 2 ** -126
            ? undefined
            : x === 0
              ? undefined
              : 'below-f32'
          : 'beyond-f32';
        expect([...new Set(diagnostics.map((d) => d.code))]).toEqual(code ? [code] : []);
        expect(model === undefined).toBe(code === 'beyond-f32');
        for (const { op, attrs } of model?.graph.nodes ?? []) {
          const { lowering } = ops.get(op) as PrimitiveOp;
          const found = (lowering as ElementwiseLowering).constants!(attrs);
          expect(found).toHaveLength(2);
          for (const one of found) expect(Number.isFinite(Math.fround(one))).toBe(true);
        }
      }),
      { numRuns: process.env['ARCHC_FULL'] === '1' ? 20_000 : 300 },
    );
  });
});

describe('on WebGPU', () => {
  const device = useDevice(openWebgpu);

  // 3.4028235677973362e38 rounds down to the largest float; the denormal ones may count as 0.
  const values = [
    ...edges.slice(0, 9),
    3.4028235677973362e38,
    1e-40,
    1e-46,
    16777217,
    1 / 3,
    1e38,
    1.5e-38,
  ].flatMap((x) => [x, -x]);

  test('every literal compiles, and every constant has its value', async () => {
    const b = new GraphBuilder(ops);
    values.forEach((value, i) => {
      b.output(`y${i}`, b.apply('full', [], { shape: [4], value }));
      const x = b.source('input', `x${i}`, [2]);
      b.output(`z${i}`, b.affine(x, value, value));
    });
    const feeds = Object.fromEntries(values.map((_, i) => [`x${i}`, [0, 0.5]]));
    const results = await runOn(device(), b.build(), feeds);
    values.forEach((value, i) => {
      const held = Math.fround(value);
      const near = (found: number, truth: number) => {
        const flushed = Math.abs(truth) < 2 ** -126 && found === 0;
        expect(flushed || Math.abs(found - truth) <= 1.2e-7 * Math.abs(truth), `${value}: ${found}`).toBe(
          true,
        );
      };
      for (const found of Array.from(results.get(`y${i}`)!)) near(found, held);
      const [zero, half] = Array.from(results.get(`z${i}`)!);
      near(zero, held);
      if (Math.abs(held) < 2e38) near(half, Math.fround(0.5 * held) + held);
    });
  });
});
