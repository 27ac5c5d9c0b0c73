import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSafetensors } from '../../src/tensors/safetensors.ts';
import { toFloat32 } from '../../src/tensors/tensor.ts';
import { archc, temporaryFolder } from '../cli/archc.ts';
import { writeInputs } from '../cli/tiny.ts';
import { compiled } from '../program/compiled.ts';
import { fitLosses, trained } from '../program/fit.ts';
import { launchChromium } from './chromium.ts';
import { pageOf, resultIn, type Served } from './in-chromium.ts';

// What `archc compile` wrote, and the runtime as it is built for browsers, are all that a page needs.

const { buildForBrowsers } = (await import(pathToFileURL('bin/build.mjs').href)) as {
  buildForBrowsers: (checkout: string, folder: string) => Promise<unknown>;
};

/** Of the largest output, as all checks of outputs. */
const OUTPUT_TOLERANCE = 1e-4;

/** What page/alone.js sends. */
interface Sent {
  readonly adapter: string;
  /** Predictions before and after training. */
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly losses: readonly number[];
}

const folder = temporaryFolder();
const at = (name: string) => join(folder, name);
const input = writeInputs(at('input.safetensors'));

let browser: Browser;
beforeAll(async () => {
  [browser] = await Promise.all([launchChromium(), buildForBrowsers(resolve('.'), at('built'))]);
});
afterAll(() => browser?.close());

function served(program: ReadonlyMap<string, Uint8Array>): Served {
  const { tensors } = readSafetensors(input);
  const bytes = (data: ArrayBufferView) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const raw = (data: ArrayBufferView) => ['application/octet-stream', bytes(data)] as const;
  return {
    '/': pageOf('/alone.js'),
    '/alone.js': ['text/javascript', readFileSync('tests/browser/page/alone.js')],
    '/runtime.js': ['text/javascript', readFileSync(at('built/runtime/index.js'))],
    '/image': raw(tensors.get('x')!.data),
    '/target': raw(tensors.get('target')!.data),
    ...Object.fromEntries([...program].map(([name, data]) => [`/net/${name}`, raw(data)])),
  };
}

/** What `archc run` predicts. */
async function predicted(spec: string, weights: string): Promise<Float32Array> {
  const output = at('run.safetensors');
  const args = ['--weights', weights, '--input', input, '--output', output, '--adapter', 'swiftshader'];
  const result = await archc('run', spec, ...args);
  expect(result.code, result.stderr).toBe(0);
  return toFloat32(readSafetensors(output).tensors.get('y0')!);
}

test.each(trained)(
  '%s: a page with the files of a program and the runtime predicts, and trains to the losses of archc fit',
  async (_, spec, settings) => {
    const program = await compiled(at('net'), spec, '--batch', '2');
    const weights = at('net/weights.safetensors');
    // The same SwiftShader, out of the same package, runs both: the same additions in the same order.
    const options = [...settings, '--adapter', 'swiftshader'];
    const losses = await fitLosses(spec, { weights, input, output: at('fit.safetensors') }, options);
    const expected = await predicted(spec, weights);

    const sent = await resultIn<Sent>(browser, served(program));

    expect(sent.adapter).toBe('swiftshader');
    expect(sent.before).toHaveLength(expected.length);
    const largest = Math.max(...expected.map(Math.abs));
    expect(Math.max(...sent.before.map((v, i) => Math.abs(v - expected[i])))).toBeLessThan(
      OUTPUT_TOLERANCE * largest,
    );
    expect(sent.losses).toEqual(losses);
    expect(sent.losses[19]).toBeLessThan(0.9 * sent.losses[0]);
    expect(sent.after).not.toEqual(sent.before);
  },
);
