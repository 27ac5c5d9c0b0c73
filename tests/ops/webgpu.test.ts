import { caseNames } from './cases.ts';
import { describeOpsOn } from './on-webgpu.ts';

/** The first fixture of each op; the others in the full run, and in every run on the CPU device (tests/wasm/ops.test.ts). */
const first = caseNames.filter(
  (name, i) => caseNames.findIndex((other) => other.split('.')[0] === name.split('.')[0]) === i,
);

// The adapter that all other tests use: a GPU, else lavapipe, else SwiftShader.
describeOpsOn({}, process.env['ARCHC_FULL'] === '1' ? caseNames : first);
