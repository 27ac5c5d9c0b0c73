import { namedTarget, portableTarget } from '../../src/kernels/targets.ts';
import { caseNames } from '../ops/cases.ts';
import { describeVariantsOnWgpu } from './variants.ts';

describeVariantsOnWgpu(caseNames, [portableTarget, namedTarget('webgpu-gpu')]);
