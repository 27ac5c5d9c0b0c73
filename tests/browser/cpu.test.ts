import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TRAINING_STEP, trainingEntries } from '../../src/autodiff/entries.ts';
import { initialise } from '../../src/compiler/initialise.ts';
import { trainSection } from '../../src/compiler/model.ts';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import { openModel } from '../../src/files/open.ts';
import { cpuTarget } from '../../src/kernels/targets.ts';
import { ops } from '../../src/ops/index.ts';
import { planProgram } from '../../src/plan/plan.ts';
import { hyperParameters } from '../../src/recipe/optimizers.ts';
import { openProgram } from '../../src/runtime/compiled-model.ts';
import { CpuDevice } from '../../src/runtime/wasm/cpu-device.ts';
import { workerScript } from '../../src/runtime/wasm/threads.ts';
import { WasmSession } from '../../src/runtime/wasm/wasm-session.ts';
import { readSafetensors } from '../../src/tensors/safetensors.ts';
import { compileProgram } from '../../src/wasm/compile-program.ts';
import { temporaryFolder } from '../cli/archc.ts';
import { TINY, writeInputs } from '../cli/tiny.ts';
import { compiled } from '../program/compiled.ts';
import { launchChromium } from './chromium.ts';
import { bundlePage, pageOf, policy, resultIn, WITH_WASM } from './in-chromium.ts';
import type { CpuJob, CpuOutcome } from './page/cpu.ts';
import { type Source, trainOn } from './page/cpu-steps.ts';

const { buildForBrowsers } = (await import(pathToFileURL('bin/build.mjs').href)) as {
  buildForBrowsers: (checkout: string, folder: string) => Promise<unknown>;
};

const STEPS = 10;

/** A small network for nuclei, its program for the processor, and what it is trained on. */
function job() {
  const open = (training: boolean) =>
    openModel('examples/nuclei/nuclei.arch', { set: { size: '<32, 32>' }, batch: 1, training });
  const model = open(true);
  const section = trainSection(model);
  const { entries } = trainingEntries(model, section, section.optimizer, ops);
  const program = planProgram(entries, ops, kernelRenderer(), {
    ...{ model: model.name, batch: 1, target: cpuTarget },
  });
  const hyper = hyperParameters(section.optimizer, 1e-3, 1);
  const sources = program.tensors.flatMap((tensor): Source[] => {
    const { kind, name, dtype, shape } = tensor;
    const parameter = model.parameters.find((p) => p.name === name);
    if (kind === 'param') return [[kind, name, dtype, [...initialise(parameter!, 0)]]];
    if (kind !== 'input') return [];
    const count = shape.reduce((n, d) => n * d, 1);
    const values =
      dtype === 'i32' ? (i: number) => i % 3 : (i: number) => Math.fround(((i * 7919) % 1000) / 500 - 1);
    return [
      [kind, name, dtype, name === 'hyper' ? [...hyper] : Array.from({ length: count }, (_, i) => values(i))],
    ];
  });
  return { program, sources };
}

const { program, sources } = job();
// Plain multiply and add: the same bits on every engine.
const module = compileProgram(program, { bounds: 'trusted', relaxed: false });

let browser: Browser;
let script: string;
beforeAll(async () => {
  [browser, script] = await Promise.all([
    launchChromium(),
    bundlePage({ file: 'tests/browser/page/cpu.ts' }),
  ]);
});
afterAll(() => browser?.close());

/** What `SharedArrayBuffer` asks for. */
const isolated = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};
const onCpu = (workers: string) => policy({ scripts: WITH_WASM, workers });

/** What the page's script, the program and these options come to. */
function inPage(headers: Readonly<Record<string, string>>, options: CpuJob['options']): Promise<CpuOutcome> {
  const wanted: CpuJob = {
    ...{ program, scratchBytes: module.scratchBytes, sources, entries: TRAINING_STEP, steps: STEPS, options },
  };
  return resultIn<CpuOutcome>(
    browser,
    {
      '/': pageOf('/cpu.js'),
      '/cpu.js': ['text/javascript', script],
      '/threads.js': ['text/javascript', workerScript],
      '/job.json': ['application/json', JSON.stringify(wanted)],
      '/kernels.wasm': ['application/wasm', Buffer.from(module.bytes)],
    },
    headers,
  );
}

test.each([
  ['an isolated page, in two threads', { ...isolated, ...onCpu('blob:') }, { threads: 2 }, 2],
  [
    'an isolated page that only has workers of its own files',
    { ...isolated, ...onCpu("'self'") },
    { threads: 3, script: '/threads.js' },
    3,
  ],
  ['a page that shares no memory, in its own thread', onCpu("'none'"), {}, 0],
] as const)('%s trains to the bits of Node', async (_, headers, options, threads) => {
  const session = await WasmSession.create(program, module, { threads: 2 });
  const truth = await trainOn(session, sources, TRAINING_STEP, STEPS);
  session.destroy();

  const found = await inPage(headers, options);
  expect(found.threads).toBe(threads);
  expect(found.losses).toEqual(truth.losses);
  expect(found.weights).toEqual(truth.weights);
  expect(new Set(truth.losses).size).toBe(STEPS);
});

test("a page whose policy lacks 'wasm-unsafe-eval' is told that it refuses the kernels", async () => {
  await expect(inPage({ ...isolated, ...policy({ workers: 'blob:' }) }, {})).rejects.toThrow(
    /^RuntimeError: the engine refuses the kernels: .*Content Security Policy/i,
  );
});

test('a page with the files of a program and the runtime predicts and trains to the bits of Node', async () => {
  const folder = temporaryFolder();
  const files = await compiled(join(folder, 'net'), TINY, '--batch', '2', '--target', 'cpu');
  await buildForBrowsers(resolve('.'), join(folder, 'built'));
  const { tensors } = readSafetensors(writeInputs(join(folder, 'input.safetensors')));
  const [image, target] = [tensors.get('x')!.data as Float32Array, tensors.get('target')!.data as Int32Array];
  const raw = (data: ArrayBufferView) =>
    ['application/octet-stream', Buffer.from(data.buffer, data.byteOffset, data.byteLength)] as const;

  const model = await (await openProgram(files)).start(new CpuDevice({ threads: 1, deterministic: true }), {
    steps: 20,
  });
  const losses: number[] = [];
  for (let i = 0; i < 20; i++) losses.push((await model.step({ image, target })).loss);
  const { logits } = await model.predict({ image });
  const weights = await model.weights();
  model.destroy();

  const sent = await resultIn<{
    readonly logits: number[];
    readonly losses: number[];
    readonly weights: number[];
  }>(
    browser,
    {
      '/': pageOf('/alone-cpu.js'),
      '/alone-cpu.js': ['text/javascript', readFileSync('tests/browser/page/alone-cpu.js')],
      '/runtime.js': ['text/javascript', readFileSync(join(folder, 'built/runtime/index.js'))],
      '/image': raw(image),
      '/target': raw(target),
      ...Object.fromEntries([...files].map(([name, data]) => [`/net/${name}`, raw(data)])),
    },
    { ...isolated, ...onCpu('blob:') },
  );
  expect(sent).toEqual({ logits: [...logits.data], losses, weights: [...weights] });
  expect(losses[19]).toBeLessThan(0.9 * losses[0]);
});
