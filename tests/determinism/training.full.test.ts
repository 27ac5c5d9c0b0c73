import { expect, test } from 'vitest';
import { networkTraining, npx, trainedIn } from './engines.ts';

const versions = ['22.23.3', '24.21.0'];

// Convolutions, norms, products and a scan.
test.each(['swin-umamba-d', 'nnunet'])(
  '50 steps of training of %s give the same bytes on every Node',
  async (name) => {
    const training = networkTraining(name, 50);
    const expected = await trainedIn([process.execPath], training, 2);
    for (const version of versions) {
      expect(await trainedIn(npx(version), training, 1), `Node ${version}`).toBe(expected);
      expect(await trainedIn(npx(version), training, 2), `Node ${version}`).toBe(expected);
    }
  },
);
