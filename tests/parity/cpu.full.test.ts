import { cpuTarget } from '../../src/kernels/targets.ts';
import { describePlanned, networkNames } from './planned.ts';

describePlanned(networkNames, cpuTarget);
