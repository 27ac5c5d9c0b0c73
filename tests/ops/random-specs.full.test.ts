import { describeRandomSpecs } from './check-random-specs.ts';

describeRandomSpecs(10_000);
