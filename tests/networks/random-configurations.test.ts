import { describeConfigurations } from './check-configurations.ts';

// A few, for every run of the tests; many are in random-configurations.full.test.ts.
describeConfigurations({ planned: 1, differentiated: 1, onWebgpu: 0, refused: 6 });
