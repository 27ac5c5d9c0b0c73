import { namedTarget, portableTarget } from '../../src/kernels/targets.ts';
import { describeKernelsOnWgpu, shipped } from './compile.ts';

describeKernelsOnWgpu(shipped, [portableTarget, namedTarget('webgpu-gpu')]);
