import { namedTarget } from '../../src/kernels/targets.ts';
import { describePlanned, networkNames, sharedMemory } from './planned.ts';

const gpu = namedTarget('webgpu-gpu');

describePlanned(networkNames, gpu);
describePlanned(networkNames, gpu, sharedMemory);
