import { bytesText } from '../../program/bytes-text.ts';
import type { ProgramPlan } from '../../program/program.ts';
import { RuntimeError } from '../runtime-error.ts';
import { hasMemory64, MEMORY64_ENGINES } from './compile-module.ts';
import { newMemory, type WasmMemory } from './engine.ts';
import type { MemoryLayout } from './layout.ts';
import { type AddressBits, PAGE } from './memory-map.ts';

/** @throws RuntimeError `adapter-limits` where the engine has no such addresses */
export function checkAddresses({ model, bytes }: ProgramPlan, address: AddressBits): void {
  if (address === 32 || hasMemory64()) return;
  throw new RuntimeError(
    'adapter-limits',
    `the program of ${model} needs ${bytesText(bytes)} by addresses of 64 bits, which the engine's WebAssembly does not have`,
    `${MEMORY64_ENGINES}; or compile for a smaller batch or image`,
  );
}

/** @throws RuntimeError `out-of-memory` */
export function memoryOf({ pages, address }: MemoryLayout, shared: boolean): WasmMemory {
  try {
    return newMemory(pages, address, shared);
  } catch (error) {
    throw new RuntimeError(
      'out-of-memory',
      `there is no memory of ${bytesText(pages * PAGE)}: ${(error as Error).message}`,
    );
  }
}
