import { portableTarget } from '../../src/kernels/targets.ts';
import { describePlanned } from './planned.ts';

// As `archc compile` plans for WebGPU, on the CPU device; on WebGPU all ten run in default-limits.full.test.ts.
describePlanned(['segresnet', 'swin-umamba-d', 'swin-unetr'], portableTarget);
