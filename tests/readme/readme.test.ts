import { expect, test } from 'vitest';
import { commands, testInClone } from './clone.ts';

test('the README shows how each thing is done', () => {
  for (const name of ['check', 'explain', 'params', 'emit', 'train', 'predict', 'evaluate', 'compile']) {
    expect(commands.some((line) => line.startsWith(`npx archc ${name} `))).toBe(true);
  }
});

/** The same commands on less; as they stand they run in `npm run test:full`. */
const quick = commands
  // The networks' fixtures have tests of their own.
  .filter((line) => !line.startsWith('npm run parity'))
  .map((line) =>
    line.replace('--steps 40', '--steps 2').replace('compile nnunet', '$& --set features="<8, 16>"'),
  );

testInClone(quick, 'npx biome check .', 2);
