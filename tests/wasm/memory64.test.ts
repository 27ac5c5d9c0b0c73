import type { Browser } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { cpuBackend } from '../../src/backend/cpu.ts';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import { GraphBuilder } from '../../src/ir/builder.ts';
import { cpuTarget } from '../../src/kernels/targets.ts';
import { ops } from '../../src/ops/index.ts';
import { planProgram } from '../../src/plan/plan.ts';
import { type CompiledModel, openProgram } from '../../src/runtime/compiled-model.ts';
import { hasMemory64 } from '../../src/runtime/wasm/compile-module.ts';
import { CpuDevice } from '../../src/runtime/wasm/cpu-device.ts';
import { WasmSession } from '../../src/runtime/wasm/wasm-session.ts';
import { compileProgram } from '../../src/wasm/compile-program.ts';
import { launchChromium } from '../browser/chromium.ts';
import { bundlePage, pageOf, policy, resultIn, WITH_WASM } from '../browser/in-chromium.ts';
import { archc, temporaryFolder } from '../cli/archc.ts';
import { TINY } from '../cli/tiny.ts';
import { caseNames, opCase } from '../ops/cases.ts';
import { resultsIn } from '../ops/in-session.ts';
import { compiled, jsonOf, signed } from '../program/compiled.ts';
import { widelyDifferent } from './wide-kernels.ts';

const full = process.env['ARCHC_FULL'] === '1';
const SEEDS = full ? 1000 : 50;
/** Of how many fixtures one is computed. */
const SOME = full ? 1 : 5;
const GiB = 2 ** 30;

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  Buffer.from(buffer, byteOffset, byteLength);

/** 4.5 GiB that are always there. */
function largeGraph() {
  const b = new GraphBuilder(ops);
  b.output('y', b.apply('softmax', [b.source('input', 'x', [2.25 * 2 ** 18, 1024])], { axis: 1 }));
  return { forward: b.build() };
}

/** 4.6 GiB without recomputation, and more than 4 GiB with it. */
const largeTraining = [TINY, '--batch', '130000', '--target', 'cpu'];

test('random kernels by addresses of 64 bits compute the very same bits in Chromium', async () => {
  // Once the page has been loaded, for which Chromium is not waited for long.
  const script = await bundlePage({
    text: `import { widelyDifferent } from './tests/wasm/wide-kernels.ts';
addEventListener('load', () => setTimeout(() => {
  fetch('/result', { method: 'POST', body: JSON.stringify(widelyDifferent(${SEEDS})) });
}));`,
  });
  const browser: Browser = await launchChromium();
  try {
    const files = { '/': pageOf('/run.js'), '/run.js': ['text/javascript', script] } as const;
    const found = await resultIn<{ words: number }>(browser, files, policy({ scripts: WITH_WASM }));
    expect(found).toEqual({ words: expect.any(Number), different: [] });
    expect(found.words).toBeGreaterThan(1000);
  } finally {
    await browser.close();
  }
});

describe.runIf(hasMemory64())('by addresses of 64 bits', () => {
  test('random kernels compute the very same bits', () => {
    const { words, different } = widelyDifferent(SEEDS);
    expect(different).toEqual([]);
    expect(words).toBeGreaterThan(1000);
  });

  const names = caseNames.filter((_, i) => i % SOME === 0);
  test.each(names)('%s has the very same bits', async (name) => {
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

  // Nothing is run, so that hardly any of it is taken from the machine: memory64.full.test.ts does.
  test('there is room for more than 4 GiB', async () => {
    const executable = await cpuBackend(ops, kernelRenderer()).prepare(largeGraph(), 'large', 1);
    expect(executable.bytes).toBeGreaterThan(4.5 * GiB);
    executable.destroy();
  });

  test('what needs more than 16 GiB is refused', async () => {
    const program = planProgram(largeGraph(), ops, kernelRenderer(), {
      ...{ model: 'large', batch: 1, target: cpuTarget },
    });
    const module = compileProgram(program, { bounds: 'trusted', relaxed: false, address: 64 });
    const more = { ...program, buffers: [...program.buffers, { size: 12 * GiB, kind: 'values' as const }] };
    await expect(
      WasmSession.create({ ...more, bytes: program.bytes + 12 * GiB }, module),
    ).rejects.toMatchObject({
      code: 'adapter-limits',
      message: expect.stringMatching(/needs 16\.50 GiB, WebAssembly's memory has room for 15\.9\d GiB$/),
    });
  });
});

describe.runIf(!hasMemory64())('where the engine has no addresses of 64 bits', () => {
  test('what needs more than 4 GiB is refused with the name of an engine that has them', async () => {
    const refused = cpuBackend(ops, kernelRenderer()).prepare(largeGraph(), 'large', 1);
    await expect(refused).rejects.toMatchObject({
      code: 'adapter-limits',
      message: expect.stringMatching(/^the target cpu has 3\.94 GiB, the program takes 4\.50 GiB/),
      hint: expect.stringContaining('Node 24'),
    });
  });

  test('so are kernels that have such addresses, however little they need', async () => {
    const { graph } = opCase(caseNames[0]);
    const options = { model: 'case', batch: 1, target: cpuTarget };
    const program = planProgram({ forward: graph }, ops, kernelRenderer(), options);
    const module = compileProgram(program, { bounds: 'trusted', relaxed: false, address: 64 });
    for (const threads of [0, 2])
      await expect(WasmSession.create(program, module, { threads })).rejects.toMatchObject({
        code: 'adapter-limits',
        message: expect.stringContaining('addresses of 64 bits'),
        hint: expect.stringContaining('Node 24'),
      });
  });
});

describe('a program on disk that needs more than 4 GiB', () => {
  let files: Map<string, Uint8Array>;
  let program: CompiledModel;
  beforeAll(async () => {
    files = await compiled(temporaryFolder(), ...largeTraining);
    program = await openProgram(files);
  });

  test('says that it has addresses of 64 bits', async () => {
    const { stdout } = await archc('compile', ...largeTraining, '--output', temporaryFolder());
    expect(stdout).toMatch(
      /4\.59 GiB of buffers .*\non the CPU it takes more than 4 GiB, so it needs .*Node 24/,
    );
    const [plan] = JSON.parse(jsonOf(files)).plans;
    expect(plan.bytes).toBeGreaterThan(4 * GiB);
    expect(plan.modules.address).toBe(64);
  });

  test('starts where the engine has them, and is refused elsewhere', async () => {
    const started = program.start(new CpuDevice());
    if (hasMemory64()) {
      const model = await started;
      expect(model.session.bytes).toBeGreaterThan(4 * GiB);
      model.destroy();
    } else
      await expect(started).rejects.toMatchObject({
        code: 'adapter-limits',
        message: expect.stringMatching(/^the program of Tiny needs 4\.59 GiB by addresses of 64 bits/),
        hint: expect.stringContaining('Node 24'),
      });
  });

  test('is refused where it says less, or something else', async () => {
    const document = JSON.parse(jsonOf(files));
    const { modules } = document.plans[0];
    delete modules.address;
    const narrow = await openProgram(signed(files, document));
    await expect(narrow.start(new CpuDevice())).rejects.toMatchObject({ code: 'adapter-limits' });
    modules.address = 32;
    await expect(openProgram(signed(files, document))).rejects.toMatchObject({
      code: 'program-format',
      message: expect.stringContaining('address'),
    });
  });
});
