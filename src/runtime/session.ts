import type { Entry, Program, ProgramPlan, SourceKind } from '../program/program.ts';

export type TensorData = Float32Array | Int32Array;

/** An output of an entry. */
export interface OutputName {
  readonly entry: string;
  readonly name: string;
}

/** How long a dispatch took. */
export interface DispatchTime {
  readonly entry: string;
  readonly label: string;
  readonly kernel: string;
  readonly nanoseconds: number;
}

/** Work that was handed to the device, and the copies that it keeps of outputs. */
export interface Submitted {
  /**
   * The copies in the order they were asked for, flat and row-major, once the work is done. Nothing waits for the
   * device before this is called.
   *
   * @throws RuntimeError what the device found wrong with anything submitted so far; `half-overflow` where an entry
   *   whose outputs are copied keeps values in half precision, and one was beyond it
   */
  results(): Promise<readonly TensorData[]>;
  /** Lets go of the copies, whether they were asked for or not. Results that are awaited then may never come. */
  release(): void;
}

/**
 * A program made ready on a device: its memory, and its kernels with all that they bind. What is given to it is done in
 * the order of the calls. Most return at once; whatever the device finds wrong with that is thrown by the next call that
 * waits: {@link read}, {@link readOutputs}, {@link Submitted.results}.
 */
export interface Session {
  readonly program: ProgramPlan;
  /** Of the device's memory, uniforms included. */
  readonly bytes: number;

  /** Whether some entry reads or changes such a tensor. */
  has(kind: SourceKind, name: string): boolean;

  /** @throws RuntimeError `bad-entry` where the program has none of that name */
  entry(name: string): Entry;

  /**
   * Copies data into a tensor, after what was submitted before.
   *
   * @throws RuntimeError `bad-tensor` where the program has none of that name, or it is of another length or type
   */
  write(kind: SourceKind, name: string, data: TensorData): void;

  /** Runs entries, one after the other; returns at once. */
  run(...entries: readonly string[]): void;

  /**
   * Writes inputs, runs entries, one after the other, and keeps copies of outputs as they are right after; returns at
   * once. What it gives is the caller's to release.
   *
   * @param what the work, for messages: `step 3`
   * @param outputs of these entries or of others
   */
  submit(
    what: string,
    entries: readonly string[],
    inputs?: Readonly<Record<string, TensorData>>,
    outputs?: readonly OutputName[],
  ): Submitted;

  /** Waits for all that was submitted and reads tensors back as they are then, as flat row-major arrays. */
  read(kind: SourceKind, names: readonly string[]): Promise<Map<string, TensorData>>;

  /**
   * Waits for all that was submitted and reads what an entry computed when it last ran, whatever ran after it, as flat
   * row-major arrays. Throws as {@link Submitted.results}.
   */
  readOutputs(entry: string, names: readonly string[]): Promise<Map<string, TensorData>>;

  /** Frees all that the program has on the device. */
  destroy(): void;
}

/** Makes a program ready on a device. */
export type OpenSession<S extends Session = Session> = (program: Program) => Promise<S>;

/** What submitted work gives, which is let go of. */
export async function resultsOf(submitted: Submitted): Promise<readonly TensorData[]> {
  try {
    return await submitted.results();
  } finally {
    submitted.release();
  }
}
