import { describeParity } from './networks.ts';

describeParity(['cpu']);

// Convolutions and norms; with scans; attention. By the reference and on WebGPU all ten run in networks.full.test.ts.
describeParity(['reference'], ['segresnet', 'umamba-enc', 'unetr']);
describeParity(['webgpu'], ['segresnet']);
