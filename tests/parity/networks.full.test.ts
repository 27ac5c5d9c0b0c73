import { describeParity } from './networks.ts';

describeParity(['webgpu', 'reference']);
