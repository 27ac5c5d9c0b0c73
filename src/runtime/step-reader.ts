import { RuntimeError } from './runtime-error.ts';
import { type OutputName, resultsOf, type Session, type Submitted, type TensorData } from './session.ts';

/** What a training step tells the host. */
export interface StepResult {
  /** From 1. */
  readonly step: number;
  readonly loss: number;
  /** Norm of all gradients before clipping. */
  readonly gradNorm: number;
}

/** What is run in a submission of its own, with the inputs that change with it. */
export interface StepPart {
  readonly entries: readonly string[];
  readonly inputs?: Readonly<Record<string, TensorData>>;
}

/**
 * Runs training steps without waiting for their losses: each keeps copies of loss and norm (the outputs `loss` and
 * `norm2` of its last part's entries), which are read when the device gets there. At most `depth` steps are in flight.
 */
export class StepReader {
  private readonly session: Session;
  private readonly depth: number;
  private readonly pending: { readonly step: number; readonly submitted: Submitted }[] = [];

  constructor(session: Session, depth = 4) {
    this.session = session;
    this.depth = depth;
  }

  /** Whether a result has to be taken before the next step may be submitted. */
  get full(): boolean {
    return this.pending.length >= this.depth;
  }

  /**
   * Submits a step; call {@link next} first when {@link full}.
   *
   * @param parts as a rule one; more where a step takes several batches. Of entries of the last with outputs of the same name the last one's count
   * @throws RuntimeError `bad-entry` where none gives the loss or the norm
   */
  submit(step: number, parts: readonly StepPart[]): void {
    const last = parts[parts.length - 1];
    const outputs = ['loss', 'norm2'].map((name) => this.giver(last.entries, name));
    for (const part of parts.slice(0, -1))
      this.session.submit(`step ${step}`, part.entries, part.inputs).release();
    const submitted = this.session.submit(`step ${step}`, last.entries, last.inputs, outputs);
    this.pending.push({ step, submitted });
  }

  /** The oldest step's result; `undefined` when none is in flight. Throws as {@link Submitted.results}. */
  async next(): Promise<StepResult | undefined> {
    const oldest = this.pending.shift();
    if (!oldest) return undefined;
    const [[loss], [norm2]] = await resultsOf(oldest.submitted);
    return { step: oldest.step, loss, gradNorm: Math.sqrt(norm2) };
  }

  /** Lets go of steps in flight: their results are not awaited any more. */
  destroy(): void {
    for (const { submitted } of this.pending.splice(0)) submitted.release();
  }

  /** The output of that name, of the last of these entries that has one. */
  private giver(entries: readonly string[], name: string): OutputName {
    const entry = entries.findLast((e) => this.session.entry(e).outputs.some((o) => o.name === name));
    if (entry !== undefined) return { entry, name };
    throw new RuntimeError('bad-entry', `none of the entries ${entries.join(', ')} has an output ${name}`);
  }
}
