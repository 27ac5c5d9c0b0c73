import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { type AcquiredDevice, acquireDevice } from '../../src/adapter/acquire.ts';
import { writeSafetensors } from '../../src/tensors/safetensors.ts';
import { archc, temporaryFolder, tree } from '../cli/archc.ts';
import { deviation, largest, readFixture, setArguments, setTexts, under } from '../parity/fixture.ts';
import { launchChromium } from './chromium.ts';
import { bundlePage, doInChromium, type Place } from './in-chromium.ts';
import type { Job } from './page/job.ts';
import { runJob } from './page/run.ts';

export const fixtures = 'tests/fixtures/networks';

/** Steps of training, and how far a loss may be off, of the largest one. */
const STEPS = 5;
const LOSS_TOLERANCE = 1e-4;
/** Of the largest output, as all checks against the fixtures. */
const OUTPUT_TOLERANCE = 1e-4;

let browser: Browser;
let script: string;
let acquired: AcquiredDevice;
let folder: string;

/** Opens what all checks of a file use. */
export function useChromium(): void {
  folder = temporaryFolder();
  beforeAll(async () => {
    [browser, script, acquired] = await Promise.all([
      launchChromium(),
      bundlePage({ file: 'tests/browser/page/page.ts' }),
      acquireDevice(),
    ]);
  });
  afterAll(async () => {
    await browser?.close();
    acquired?.destroy();
  });
}

/**
 * Compiles a shipped spec at its fixture's size in Chromium, runs it there, and compares: its files with those of
 * `archc compile`, the outputs with the fixture's, the losses of training with those of the same program in Node.
 */
export async function checkNetwork(name: string, places: readonly Place[]): Promise<void> {
  const { info, tensors } = readFixture(fixtures, name);
  const job: Job = {
    entry: `archc/${info.net}.arch`,
    specs: shippedSpecs(),
    set: setTexts(info.config),
    batch: info.batch,
    steps: STEPS,
    lr: 1e-4,
  };
  const file = join(fixtures, `${name}.safetensors`);
  const weights = join(folder, `${name}.safetensors`);
  writeSafetensors(weights, under(tensors, 'w/'));
  const compiled = await compiledFiles(info.net, [
    ...setArguments(info.config),
    '--weights',
    weights,
    '--batch',
    String(info.batch),
  ]);
  const bytes = readFileSync(file);
  const here = await runJob(
    job,
    bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
    acquired.device,
  );
  for (const place of places) {
    const there = await doInChromium(browser, place, script, job, file);
    expect(there.adapter).toBe('google swiftshader');
    expect(there.files).toEqual(compiled);
    Object.entries(there.outputs).forEach(([output, values], i) => {
      const expected = tensors.get(`y${i}`)!;
      const actual = { dtype: 'F32', shape: [values.length], data: Float32Array.from(values) } as const;
      const { used } = deviation(output, actual, expected, OUTPUT_TOLERANCE * largest(expected));
      expect(used, `${output} in the ${place}`).toBeLessThanOrEqual(1);
    });
    expect(there.losses).toHaveLength(STEPS);
    const tolerance = LOSS_TOLERANCE * Math.max(...here.losses);
    there.losses.forEach((loss, i) => {
      expect(Math.abs(loss - here.losses[i]), `step ${i + 1} in the ${place}`).toBeLessThanOrEqual(tolerance);
    });
    expect(there.moved).toBe(true);
  }
}

/** All texts that come with archc, as imports name them. */
function shippedSpecs(): Record<string, string> {
  const names = readdirSync('specs', { recursive: true, encoding: 'utf8' }).filter((n) =>
    n.endsWith('.arch'),
  );
  return Object.fromEntries(names.map((n) => [`archc/${n}`, readFileSync(join('specs', n), 'utf8')]));
}

/** What `archc compile` writes, without the weights. */
async function compiledFiles(net: string, options: readonly string[]): Promise<Record<string, string>> {
  const program = join(folder, net);
  const { code, stderr } = await archc('compile', net, '--output', program, ...options);
  expect(code, stderr).toBe(0);
  const names = tree(program).filter((n) => !/\/$|\.safetensors$/.test(n));
  return Object.fromEntries(names.map((n) => [n, readFileSync(join(program, n), 'utf8')]));
}
