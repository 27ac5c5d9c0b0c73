import type { Renderer } from '../../codegen/render.ts';
import type { Entries, SourceKind } from '../ir/graph.ts';
import type { OpTable } from '../ir/op.ts';
import type { Precision } from '../ir/storage.ts';
import type { Target } from '../ir/target.ts';
import type { Recomputation } from '../plan/budget.ts';
import { planWithin } from '../plan/plan.ts';
import type { DispatchTime, OpenSession, Session } from '../runtime/session.ts';
import { briefly } from '../runtime/wasm/engine-flags.ts';
import type { Backend, Elements, Executable } from './backend.ts';

/** Runs graphs by the kernels of a target: all that trains, and all that predicts with speed. */
export interface KernelBackend<S extends Session = Session> extends Backend {
  readonly target: Target;
  prepare(entries: Entries, model: string, batch: number): Promise<KernelExecutable<S>>;
  /** Runs entries once and measures their dispatches; `undefined` where the device has no clock for it. */
  profile(
    executable: KernelExecutable<S>,
    entries: readonly string[],
  ): Promise<readonly DispatchTime[] | undefined>;
}

export interface KernelOptions {
  /**
   * How memory keeps what is computed, by default f32; f16 is for what predicts, and `prepare` throws InputError
   * `adapter-features` where the target lacks it.
   */
  readonly precision?: Precision;
  /** Bytes of device memory that an executable may take; values are computed again where there are not enough. */
  readonly memory?: number;
  /** Checks graphs after each pass, and what every dispatch finds in memory. */
  readonly verify?: boolean;
}

/** Plans graphs for a target, and makes the programs ready by `open`. */
export function preparing<S extends Session>(
  ops: OpTable,
  renderer: Renderer,
  target: Target,
  { precision, memory, verify }: KernelOptions,
  open: OpenSession<S>,
): KernelBackend<S>['prepare'] {
  return async (entries, model, batch) => {
    const options = { model, batch, target, precision, memory, verify };
    const { program, recomputation } = briefly(() => planWithin(entries, ops, renderer, options));
    return new KernelExecutable(await open(program), recomputation);
  };
}

/** A session that also takes float64. */
export class KernelExecutable<S extends Session = Session> implements Executable {
  readonly session: S;
  /** What is computed again to keep to a budget of memory; `undefined` where nothing is. */
  readonly recomputation: Recomputation | undefined;

  constructor(session: S, recomputation?: Recomputation) {
    this.session = session;
    this.recomputation = recomputation;
  }

  get bytes(): number {
    return this.session.bytes;
  }

  has(kind: SourceKind, name: string): boolean {
    return this.session.has(kind, name);
  }

  write(kind: SourceKind, name: string, data: Elements): void {
    this.session.write(kind, name, data instanceof Float64Array ? Float32Array.from(data) : data);
  }

  run(...entries: readonly string[]): void {
    this.session.run(...entries);
  }

  read(kind: SourceKind, names: readonly string[]): Promise<Map<string, Elements>> {
    return this.session.read(kind, names);
  }

  readOutputs(entry: string, names: readonly string[]): Promise<Map<string, Elements>> {
    return this.session.readOutputs(entry, names);
  }

  destroy(): void {
    this.session.destroy();
  }
}
