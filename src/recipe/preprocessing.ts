import type { Normalisation } from './normalisation.ts';

/** What of a plan for a data set says how its cases are preprocessed; weights and programs carry it, as JSON. */
export interface PreprocessingPlan {
  /** Which axis of the files becomes the first, second and third one; slices are cut along the first. */
  readonly transpose_forward: readonly [number, number, number];
  /** Of each channel. */
  readonly normalisation: readonly Normalisation[];
  readonly plan_2d: {
    /** Size of a pixel within slices, along H and W, that cases are resampled to. */
    readonly spacing: readonly [number, number];
  };
}
