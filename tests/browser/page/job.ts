/** What a page is given to compile and run; weights and inputs come as the fixture's own file. */
export interface Job {
  readonly entry: string;
  /** Specs by path; those that come with archc as imports name them. */
  readonly specs: Readonly<Record<string, string>>;
  readonly set: Readonly<Record<string, string>>;
  readonly batch: number;
  /** Of training, on one batch. */
  readonly steps: number;
  readonly lr: number;
}

/** What came of it. */
export interface Outcome {
  /** What runs the shaders. */
  readonly adapter: string;
  /** The program's texts by their path. Its weights are known by the SHA-256 in program.json. */
  readonly files: Readonly<Record<string, string>>;
  /** By name of the model's outputs, in order. */
  readonly outputs: Readonly<Record<string, readonly number[]>>;
  /** Before each step. */
  readonly losses: readonly number[];
  /** Whether the model predicts otherwise after the steps. */
  readonly moved: boolean;
}
