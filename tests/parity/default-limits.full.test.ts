import { portableTarget } from '../../src/kernels/targets.ts';
import { describePlanned, networkNames } from './planned.ts';

// As `archc compile` plans.
describePlanned(networkNames, portableTarget);
