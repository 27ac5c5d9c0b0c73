import { namedTarget } from '../../src/kernels/targets.ts';
import { describeKernelsOnWgpu } from './compile.ts';

// Convolutions, norms and a scan as for a GPU; all ten networks are in kernels.full.test.ts.
describeKernelsOnWgpu(['umamba-bot'], [namedTarget('webgpu-gpu')]);
