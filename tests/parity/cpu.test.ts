import { cpuTarget } from '../../src/kernels/targets.ts';
import { describePlanned } from './planned.ts';

// Convolutions, norms, products and a scan; all ten networks run in cpu.full.test.ts.
describePlanned(['umamba-bot', 'swin-umamba-d'], cpuTarget);
