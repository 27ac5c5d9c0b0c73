import { namedTarget } from '../../src/kernels/targets.ts';
import { describePlanned, sharedMemory } from './planned.ts';

const gpu = namedTarget('webgpu-gpu');

// Convolutions, norms, products and a scan; all ten networks run in gpu-target.full.test.ts.
describePlanned(['umamba-bot'], gpu);
describePlanned(['umamba-bot'], gpu, sharedMemory);
