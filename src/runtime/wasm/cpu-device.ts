import type { DeviceOptions } from './device.ts';

export interface CpuOptions extends DeviceOptions {
  /**
   * Multiplies and adds with two roundings, though the engine may do it with one: slower, and the same bits on every
   * processor and engine.
   */
  readonly deterministic?: boolean;
}

/** The processor, as a device to start a model on. Nothing is made before a model is started. */
export class CpuDevice {
  readonly options: CpuOptions;

  constructor(options: CpuOptions = {}) {
    this.options = options;
  }
}
