import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from '../browser/chromium.ts';
import { pageOf, policy, resultIn, WITH_WASM } from '../browser/in-chromium.ts';
import { script, tinyTraining, trainedIn } from './engines.ts';

const training = tinyTraining(50);
const here = [process.execPath];

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser?.close());

test('50 steps of training give the same bytes whatever the number of threads, and in Chromium', async () => {
  const one = await trainedIn(here, training, 1);
  expect(one).toMatch(/^[0-9a-f]{64}$/);
  expect(await trainedIn(here, training, 2)).toBe(one);
  const send = `const digest = await trained(training, 0);
await fetch('/result', { method: 'POST', body: JSON.stringify({ digest }) });`;
  const files = {
    '/': pageOf('/train.js'),
    '/train.js': ['text/javascript', await script(training, send)],
  } as const;
  expect(await resultIn<{ digest: string }>(browser, files, policy({ scripts: WITH_WASM }))).toEqual({
    digest: one,
  });
  // Else a digest that does not depend on what was trained would do.
  expect(await trainedIn(here, { ...training, steps: 49 }, 2)).not.toBe(one);
});
