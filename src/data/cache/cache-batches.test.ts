import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openDataset } from '../dataset.ts';
import { planFor } from '../planning/plan.ts';
import { DEFAULT_MEMORY } from '../planning/plan-2d.ts';
import { datasets, expectedPlans } from '../planning/testing.ts';
import { classTarget, everyAugmentation } from '../testing.ts';
import { cacheBatches } from './cache-batches.ts';
import { preprocessDataset } from './preprocess-dataset.ts';

const folder = mkdtempSync(join(tmpdir(), 'cache-batches-'));
afterAll(() => rmSync(folder, { recursive: true }));

const NAME = 'Dataset900_Anisotropic';
const raw = openDataset(datasets[NAME]);
preprocessDataset(raw, planFor(raw, expectedPlans[NAME], '', DEFAULT_MEMORY), folder);
const of = {
  folder,
  indices: [0, 2, 3, 7],
  options: { seed: 3, batch: 3, height: 24, width: 20, augment: everyAugmentation, target: classTarget(3) },
};

it('gives the same batches whoever makes them', async () => {
  const [none, one, two] = [0, 1, 2].map((workers) => cacheBatches(of, workers));
  for (let step = 0; step < 12; step++) {
    const expected = await none.next();
    expect(expected.x.length).toBe(3 * 480);
    expect(await one.next()).toEqual({ x: expected.x, target: expected.target });
    expect(await two.next()).toEqual({ x: expected.x, target: expected.target });
  }
  for (const batches of [none, one, two]) await batches.close();
});
