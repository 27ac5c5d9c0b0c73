import { describeOpsOn } from './on-webgpu.ts';

describeOpsOn({ adapter: 'swiftshader' });
