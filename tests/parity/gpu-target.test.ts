import { namedTarget } from '../../src/kernels/targets.ts';
import { describePlanned, sharedMemory } from './planned.ts';

// Convolutions, norms, products and a scan, on the CPU device; on WebGPU all ten run in gpu-target.full.test.ts.
describePlanned(['umamba-bot'], namedTarget('webgpu-gpu'), sharedMemory);
