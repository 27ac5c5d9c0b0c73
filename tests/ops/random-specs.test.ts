import { describeRandomSpecs } from './check-random-specs.ts';

// Two hundred for every run of the tests; 10,000 are in random-specs.full.test.ts.
describeRandomSpecs(200);
