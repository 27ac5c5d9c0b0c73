import { describeNetworksOnWgpu } from './networks.ts';

// Convolutions, norms, scans, permutes, deep supervision; all ten networks run in networks.full.test.ts.
describeNetworksOnWgpu(['swin-umamba-d']);
