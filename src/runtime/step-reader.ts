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

/** What is run in a submission of its own, with its inputs. */
export interface StepPart {
  readonly entries: readonly string[];
  readonly inputs: Readonly<Record<string, TensorData>>;
}

/**
 * Runs training steps without waiting for their losses: each keeps copies of loss and norm (the outputs `loss` and
 * `norm2` of its entries), which are read when the device gets there. At most `depth` steps are in flight.
 */
export class StepReader {
  private readonly session: Session;
  private readonly entries: readonly string[];
  private readonly depth: number;
  private readonly pending: { readonly step: number; readonly submitted: Submitted }[] = [];
  private readonly outputs: readonly OutputName[];

  /** @param entries what one step runs, in order; of several with an output of the same name the last one's counts */
  constructor(session: Session, entries: readonly string[], depth = 4) {
    this.session = session;
    this.entries = entries;
    this.depth = depth;
    this.outputs = ['loss', 'norm2'].map((name) => this.giver(name));
  }

  /** Whether a result has to be taken before the next step may be submitted. */
  get full(): boolean {
    return this.pending.length >= this.depth;
  }

  /**
   * Submits a step; call {@link next} first when {@link full}.
   *
   * @param inputs those that change with this step
   * @param before what runs before, such as other micro-batches
   */
  submit(
    step: number,
    inputs: Readonly<Record<string, TensorData>> = {},
    before: readonly StepPart[] = [],
  ): void {
    for (const part of before) this.session.submit(`step ${step}`, part.entries, part.inputs).release();
    const submitted = this.session.submit(`step ${step}`, this.entries, inputs, this.outputs);
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

  /** The output of that name, of the last entry that has one. */
  private giver(name: string): OutputName {
    const entry = this.entries.findLast((e) => this.session.entry(e).outputs.some((o) => o.name === name));
    if (entry !== undefined) return { entry, name };
    throw new RuntimeError(
      'bad-entry',
      `none of the entries ${this.entries.join(', ')} has an output ${name}`,
    );
  }
}
