import type { Renderer } from '../../codegen/render.ts';
import type { SourceKind } from '../ir/graph.ts';
import type { OpTable } from '../ir/op.ts';
import type { Precision } from '../ir/storage.ts';
import type { Target } from '../ir/target.ts';
import type { Recomputation } from '../plan/budget.ts';
import { planWithin } from '../plan/plan.ts';
import { Session } from '../runtime/session.ts';
import type { Backend, Elements, Executable } from './backend.ts';
import { deviceTarget, type OpenDevice } from './device-target.ts';

export interface WebgpuBackend extends Backend {
  readonly device: GPUDevice;
  readonly target: Target;
}

export interface WebgpuOptions {
  /**
   * How memory keeps what is computed, by default f32; f16 is for what predicts, and `prepare` throws InputError
   * `adapter-features` where the device lacks it.
   */
  readonly precision?: Precision;
  /** Bytes of device memory that an executable may take; values are computed again where there are not enough. */
  readonly memory?: number;
  /** Checks graphs after each pass, and what every dispatch finds in memory. */
  readonly verify?: boolean;
}

/** Kernels on a device, which is the backend's from then on: its `destroy` is called with that of the backend. */
export function webgpuBackend(
  ops: OpTable,
  renderer: Renderer,
  open: OpenDevice,
  { precision, memory, verify }: WebgpuOptions = {},
): WebgpuBackend {
  const { device, description } = open;
  const target = deviceTarget(open);
  return {
    name: 'webgpu',
    description,
    device,
    target,
    prepare: async (entries, model, batch) => {
      const options = { model, batch, target, precision, memory, verify };
      const { program, recomputation } = planWithin(entries, ops, renderer, options);
      return new WebgpuExecutable(await Session.create(device, program), recomputation);
    },
    destroy: () => open.destroy(),
  };
}

/** A session that also takes float64. */
export class WebgpuExecutable implements Executable {
  readonly session: Session;
  /** What is computed again to keep to a budget of memory; `undefined` where nothing is. */
  readonly recomputation: Recomputation | undefined;

  constructor(session: Session, recomputation?: Recomputation) {
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
