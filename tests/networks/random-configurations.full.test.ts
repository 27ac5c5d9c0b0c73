import { describeConfigurations } from './check-configurations.ts';

describeConfigurations({ planned: 40, differentiated: 25, onWebgpu: 4, refused: 400 });
