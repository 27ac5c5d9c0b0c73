import type { OpenSession } from '../../src/runtime/session.ts';
import { WasmSession } from '../../src/runtime/wasm/wasm-session.ts';
import { compileProgram } from '../../src/wasm/compile-program.ts';

/** Opens programs on the CPU device, with plain multiply and add. */
export const onCpu =
  (threads: number): OpenSession<WasmSession> =>
  (program) =>
    WasmSession.create(program, compileProgram(program, { bounds: 'trusted', relaxed: false }), { threads });
