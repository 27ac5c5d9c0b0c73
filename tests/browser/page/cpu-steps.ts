import type { SourceKind } from '../../../src/program/program.ts';
import type { Session } from '../../../src/runtime/session.ts';

/** What a session is given: kind, name, element type, values. */
export type Source = readonly [
  kind: SourceKind,
  name: string,
  dtype: 'f32' | 'i32',
  values: readonly number[],
];

/** Bits of the losses of some steps, and of the weights after them. */
export interface Trained {
  readonly losses: readonly number[];
  readonly weights: readonly number[];
}

/** Steps of training on one batch, all submitted before the first loss is read. */
export async function trainOn(
  session: Session,
  sources: readonly Source[],
  entries: readonly string[],
  steps: number,
): Promise<Trained> {
  for (const [kind, name, dtype, values] of sources)
    session.write(kind, name, dtype === 'f32' ? Float32Array.from(values) : Int32Array.from(values));
  const output = { entry: entries[0], name: 'loss' };
  const submitted = Array.from({ length: steps }, (_, k) =>
    session.submit(`step ${k + 1}`, entries, {}, [output]),
  );
  const losses: number[] = [];
  for (const step of submitted) {
    losses.push(...bitsOf(await step.results()));
    step.release();
  }
  const names = sources.flatMap(([kind, name]) => (kind === 'param' ? [name] : []));
  return { losses, weights: bitsOf([...(await session.read('param', names)).values()]) };
}

const bitsOf = (tensors: readonly { readonly buffer: ArrayBufferLike }[]): number[] =>
  tensors.flatMap(({ buffer }) => [...new Uint32Array(buffer)]);
