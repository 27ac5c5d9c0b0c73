import type { Renderer } from '../../codegen/render.ts';
import type { SourceKind } from '../ir/graph.ts';
import type { OpTable } from '../ir/op.ts';
import type { Precision } from '../ir/storage.ts';
import type { Target } from '../ir/target.ts';
import { planProgram } from '../plan/plan.ts';
import { Session } from '../runtime/session.ts';
import type { Backend, Elements, Executable } from './backend.ts';
import { deviceTarget, type OpenDevice } from './device-target.ts';

export interface WebgpuBackend extends Backend {
  readonly device: GPUDevice;
  readonly target: Target;
}

/**
 * Kernels on a device, which is the backend's from then on: its `destroy` is called with that of the backend.
 *
 * @param precision how memory keeps what is computed; f16 is for what predicts, and `prepare` throws InputError
 *   `adapter-features` where the device lacks it
 */
export function webgpuBackend(
  ops: OpTable,
  renderer: Renderer,
  open: OpenDevice,
  precision: Precision = 'f32',
): WebgpuBackend {
  const { device, description } = open;
  const target = deviceTarget(open);
  return {
    name: 'webgpu',
    description,
    device,
    target,
    prepare: async (entries, model, batch) => {
      const program = planProgram(entries, ops, renderer, { model, batch, target, precision });
      return new WebgpuExecutable(await Session.create(device, program));
    },
    destroy: () => open.destroy(),
  };
}

/** A session that also takes float64. */
export class WebgpuExecutable implements Executable {
  readonly session: Session;

  constructor(session: Session) {
    this.session = session;
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
