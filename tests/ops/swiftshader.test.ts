import { describeOpsOn } from './on-webgpu.ts';

describeOpsOn('swiftshader');
