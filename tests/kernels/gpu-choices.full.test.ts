import { describeGpuChoices } from './check-variants.ts';

describeGpuChoices();
