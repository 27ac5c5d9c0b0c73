import { describe, expect, test } from 'vitest';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import { cpuTarget } from '../../src/kernels/targets.ts';
import { ops } from '../../src/ops/index.ts';
import { planProgram } from '../../src/plan/plan.ts';
import { hasMemory64 } from '../../src/runtime/wasm/compile-module.ts';
import { WasmSession } from '../../src/runtime/wasm/wasm-session.ts';
import { compileProgram } from '../../src/wasm/compile-program.ts';
import { caseNames, opCase } from '../ops/cases.ts';
import { resultsIn } from '../ops/in-session.ts';
import { handMade } from './hand-made.ts';
import { randomBuffers, randomKernel } from './random-kernels.ts';
import { compiled } from './run-kernel.ts';

const full = process.env['ARCHC_FULL'] === '1';
const SEEDS = full ? 2000 : 50;
/** Of how many fixtures one is computed. */
const SOME = full ? 1 : 5;

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  Buffer.from(buffer, byteOffset, byteLength);

describe.runIf(hasMemory64())('by addresses of 64 bits kernels compute the very same bits', () => {
  test.each([
    ['trusted', false],
    ['trusted', true],
    ['clamp', false],
  ] as const)(`${SEEDS} random ones, indices %s, relaxed %s`, (bounds, relaxed) => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const { wgsl, groups } = randomKernel(seed, { tame: false, wild: bounds === 'clamp' });
      const buffers = randomBuffers(seed, false);
      const [near, far] = ([32, 64] as const).map((address) =>
        compiled(wgsl, buffers, groups, { bounds, relaxed, address }),
      );
      near.forEach((b, k) => {
        expect(Buffer.compare(Buffer.from(b), Buffer.from(far[k])), `seed ${seed}, binding ${k}`).toBe(0);
      });
    }
  });

  const names = caseNames.filter((_, i) => i % SOME === 0);
  test.each(names)('%s', async (name) => {
    const fixture = opCase(name);
    const options = { model: 'case', batch: 1, target: cpuTarget };
    const program = planProgram({ forward: fixture.graph }, ops, kernelRenderer(), options);
    const by = async (address: 32 | 64, threads: number) => {
      const module = compileProgram(program, { bounds: 'trusted', relaxed: true, address });
      return resultsIn(await WasmSession.create(program, module, { threads }), fixture);
    };
    const near = await by(32, 2);
    for (const threads of [0, 2]) {
      const far = await by(64, threads);
      for (const [key, data] of near)
        expect(Buffer.compare(bytesOf(far.get(key)!), bytesOf(data)), `${key}, ${threads}`).toBe(0);
    }
  });
});
