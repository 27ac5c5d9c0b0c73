import type { Renderer } from '../../codegen/render.ts';
import { type AcquireOptions, acquireDevice } from '../adapter/acquire.ts';
import type { SourceKind } from '../ir/graph.ts';
import type { OpTable } from '../ir/op.ts';
import type { Target } from '../ir/target.ts';
import { planProgram } from '../plan/plan.ts';
import { Session } from '../runtime/session.ts';
import type { Backend, Elements, Executable } from './backend.ts';
import { deviceTarget } from './device-target.ts';

export interface WebgpuBackend extends Backend {
  readonly device: GPUDevice;
  readonly target: Target;
}

/** Kernels on the machine's adapter. Throws `JobError` `no-adapter` where there is none. */
export async function webgpuBackend(
  ops: OpTable,
  renderer: Renderer,
  options: AcquireOptions = {},
): Promise<WebgpuBackend> {
  const acquired = await acquireDevice(options);
  const target = deviceTarget(acquired);
  return {
    name: 'webgpu',
    description: acquired.description,
    device: acquired.device,
    target,
    prepare: async (entries, model, batch) => {
      const program = planProgram(entries, ops, renderer, { model, batch, target });
      return new WebgpuExecutable(await Session.create(acquired.device, program));
    },
    destroy: () => acquired.destroy(),
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
