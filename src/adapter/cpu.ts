import { hasMemory64, hasRelaxedSimd, hasSimd } from '../runtime/wasm/compile-module.ts';
import { threadsFor } from '../runtime/wasm/device.ts';
import { hasSharedMemory } from '../runtime/wasm/host.ts';

/** The processor as a device: what Node's WebAssembly offers to kernels. */
export interface CpuFacts {
  /** Vectors of four numbers: kernels need them. */
  readonly simd: boolean;
  /** Multiplying and adding with one rounding. */
  readonly relaxedSimd: boolean;
  /** Memory that several threads share. */
  readonly sharedMemory: boolean;
  /** Addresses of 64 bits: programs may take more than 4 GiB. */
  readonly memory64: boolean;
  /** That kernels run in where nothing else is asked for. */
  readonly threads: number;
}

export function cpuFacts(): CpuFacts {
  return {
    simd: hasSimd(),
    relaxedSimd: hasRelaxedSimd(),
    sharedMemory: hasSharedMemory,
    memory64: hasMemory64(),
    threads: threadsFor(),
  };
}
