/** The script of a page that trains on its processor: all it has are the runtime, a program and its kernels. */
import type { Program } from '../../../src/program/program.ts';
import { WasmSession } from '../../../src/runtime/wasm/wasm-session.ts';
import { type Source, type Trained, trainOn } from './cpu-steps.ts';

export interface CpuJob {
  readonly program: Program;
  readonly scratchBytes: number;
  readonly sources: readonly Source[];
  readonly entries: readonly string[];
  readonly steps: number;
  readonly options: { readonly threads?: number; readonly script?: string };
}

export interface CpuOutcome extends Trained {
  readonly threads: number;
}

const [job, bytes] = await Promise.all([
  fetch('/job.json').then((response) => response.json() as Promise<CpuJob>),
  fetch('/kernels.wasm').then((response) => response.arrayBuffer()),
]);
const send = (result: CpuOutcome | { readonly error: string }) =>
  fetch('/result', { method: 'POST', body: JSON.stringify(result) });
try {
  const module = { bytes: new Uint8Array(bytes), scratchBytes: job.scratchBytes };
  const session = await WasmSession.create(job.program, module, job.options);
  const trained = await trainOn(session, job.sources, job.entries, job.steps);
  await send({ threads: session.threads, ...trained });
  session.destroy();
} catch (error) {
  await send({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}
