import { describeConfigurations } from './check-configurations.ts';

// A few, for every run of the tests; many are in random-configurations.full.test.ts.
describeConfigurations({ planned: 3, differentiated: 2, onWebgpu: 0, refused: 30 });
