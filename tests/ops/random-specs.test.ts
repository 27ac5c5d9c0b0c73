import { describeRandomSpecs } from './check-random-specs.ts';

// Eighty for every run of the tests; 10,000 are in random-specs.full.test.ts.
describeRandomSpecs(80);
