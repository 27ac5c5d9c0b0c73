import { describeNetworksOnWgpu, networkNames } from './networks.ts';

describeNetworksOnWgpu(networkNames);
