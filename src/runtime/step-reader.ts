import { RuntimeError } from './runtime-error.ts';
import type { Session, TensorData } from './session.ts';

/** What a training step tells the host. */
export interface StepResult {
  /** From 1. */
  readonly step: number;
  readonly loss: number;
  /** Norm of all gradients before clipping. */
  readonly gradNorm: number;
}

/**
 * Runs training steps without waiting for their losses: each copies loss and norm (the outputs `loss` and `norm2` of
 * its entries) into one of a ring of staging buffers, which is read when the device gets there. At most `depth` steps
 * are in flight.
 */
export class StepReader {
  private readonly session: Session;
  private readonly entries: readonly string[];
  private readonly ring: GPUBuffer[];
  private readonly pending: { readonly step: number; readonly staging: GPUBuffer }[] = [];
  /** The entries that tell loss and norm. */
  private readonly loss: string;
  private readonly norm2: string;

  /** @param entries what one step runs, in order */
  constructor(session: Session, entries: readonly string[], depth = 4) {
    this.session = session;
    this.entries = entries;
    this.loss = this.entryWith('loss');
    this.norm2 = this.entryWith('norm2');
    this.ring = Array.from({ length: depth }, () => session.staging(16));
  }

  /** Whether a result has to be taken before the next step may be submitted. */
  get full(): boolean {
    return this.pending.length >= this.ring.length;
  }

  /**
   * Submits a step; call {@link next} first when {@link full}.
   *
   * @param inputs those that change with this step
   */
  submit(step: number, inputs: Readonly<Record<string, TensorData>> = {}): void {
    const staging = this.ring[(step - 1) % this.ring.length];
    const record = (encoder: GPUCommandEncoder) => {
      this.session.encode(encoder, ...this.entries);
      this.session.copyOutput(encoder, this.loss, 'loss', staging, 0);
      this.session.copyOutput(encoder, this.norm2, 'norm2', staging, 4);
    };
    this.session.submit(`step ${step}`, record, inputs);
    this.pending.push({ step, staging });
  }

  /** The oldest step's result; `undefined` when none is in flight. Throws as {@link Session.map}. */
  async next(): Promise<StepResult | undefined> {
    const oldest = this.pending.shift();
    if (!oldest) return undefined;
    const { step, staging } = oldest;
    // Not before: Dawn in Node asks the device again and again while anything is awaited.
    await this.session.map(staging);
    const [loss, norm2] = new Float32Array(staging.getMappedRange().slice(0));
    staging.unmap();
    return { step, loss, gradNorm: Math.sqrt(norm2) };
  }

  /** Lets go of steps in flight: their results are not awaited any more. */
  destroy(): void {
    this.pending.length = 0;
    for (const buffer of this.ring) buffer.destroy();
  }

  private entryWith(output: string): string {
    const found = this.entries.find((name) =>
      this.session.entry(name).outputs.some((tensor) => tensor.name === output),
    );
    if (found !== undefined) return found;
    throw new RuntimeError(
      'bad-entry',
      `none of the entries ${this.entries.join(', ')} has an output ${output}`,
    );
  }
}
