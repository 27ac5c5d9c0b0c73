import { describe } from 'vitest';
import { describeGpuChoices } from './check-variants.ts';

describeGpuChoices();

describe('on SwiftShader', () => describeGpuChoices({ adapter: 'swiftshader' }));
