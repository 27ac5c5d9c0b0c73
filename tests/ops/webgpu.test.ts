import { caseNames, firstCases } from './cases.ts';
import { describeOpsOn } from './on-webgpu.ts';

// The adapter that all other tests use: a GPU, else lavapipe, else SwiftShader. On the CPU device all fixtures run every
// time (tests/wasm/ops.test.ts).
describeOpsOn({}, process.env['ARCHC_FULL'] === '1' ? caseNames : firstCases);
