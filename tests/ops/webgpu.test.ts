import { caseNames } from './cases.ts';
import { describeOpsOn } from './on-webgpu.ts';

// The adapter that all other tests use: a GPU, else lavapipe, else SwiftShader.
describeOpsOn({}, caseNames);
