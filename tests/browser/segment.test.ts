import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectedOf, openDataset } from '../../src/data/dataset.ts';
import { readPlan } from '../../src/data/planning/plan-file.ts';
import { preprocessCase } from '../../src/data/planning/preprocess.ts';
import { temporaryFolder } from '../cli/archc.ts';
import { type Trained, trainedOnVolumes } from '../program/segmenter.ts';
import { launchChromium } from './chromium.ts';
import { pageOf, policy, resultIn, WITH_WASM } from './in-chromium.ts';

const { buildForBrowsers } = (await import(pathToFileURL('bin/build.mjs').href)) as {
  buildForBrowsers: (checkout: string, folder: string) => Promise<unknown>;
};

const folder = temporaryFolder();
let browser: Browser;
let trained: Trained;
beforeAll(async () => {
  browser = await launchChromium();
  await buildForBrowsers(resolve('.'), join(folder, 'built'));
  trained = await trainedOnVolumes(join(folder, 'volumes'));
});
afterAll(() => browser?.close());

const raw = (data: ArrayBufferView) =>
  ['application/octet-stream', Buffer.from(data.buffer, data.byteOffset, data.byteLength)] as const;

test('a page with a program and the runtime preprocesses and segments a volume as archc predict does', async () => {
  const { data, shape, spacing } = trained.cases[3];
  const sent = await resultIn<{
    readonly shape: number[];
    readonly ready: number[];
    readonly labels: number[];
  }>(
    browser,
    {
      '/': pageOf('/segment.js'),
      '/segment.js': ['text/javascript', readFileSync('tests/browser/page/segment.js')],
      '/runtime.js': ['text/javascript', readFileSync(join(folder, 'built/runtime/index.js'))],
      '/image': raw(data),
      '/image.json': ['application/json', JSON.stringify({ shape, spacing })],
      ...Object.fromEntries([...trained.files].map(([name, bytes]) => [`/net/${name}`, raw(bytes)])),
    },
    policy({ scripts: WITH_WASM }),
  );

  const dataset = openDataset(join(folder, 'volumes/data'));
  const truth = preprocessCase(dataset.test[0], expectedOf(dataset), readPlan(trained.plan));
  const [depth, height, width] = truth.shape;
  const plane = height * width;
  expect(sent.shape).toEqual([depth, 5, height, width]);
  // The same arithmetic, all of it exactly defined: the same bits.
  const wanted = Array.from({ length: depth }, (_, z) =>
    truth.image.flatMap((channel) => [...channel.subarray(z * plane, (z + 1) * plane)]),
  );
  expect(sent.ready).toEqual(wanted.flat());
  expect(sent.labels).toEqual([...Uint8Array.from(trained.predicted)]);
});
