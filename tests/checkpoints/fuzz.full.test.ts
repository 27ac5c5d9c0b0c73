import { test } from 'vitest';
import { damages, fuzzCheckpoints } from './fuzz.ts';

test.each(damages)('thousands of ways to damage %s', (how) => {
  fuzzCheckpoints(how, how === 'a legacy file' ? 1000 : 5000);
});
