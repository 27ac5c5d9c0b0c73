import { describeParity } from './networks.ts';

describeParity(['cpu', 'reference']);

// Convolutions and norms; scans. On WebGPU all ten run in networks.full.test.ts.
describeParity(['webgpu'], ['segresnet', 'swin-umamba-d']);
