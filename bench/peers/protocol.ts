import { createInterface } from 'node:readline';

/** x → x · w → (x · w) · w …: a product of matrices, or a 3×3 convolution that keeps the map, `chain` times. */
export interface Chain {
  readonly name: string;
  readonly op: 'matmul' | 'conv2d';
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly chain: number;
}

/** What a peer is asked for, a JSON document a line. */
export type Request = { readonly seconds: number } & (
  | { readonly chain: Chain }
  | { readonly network: string }
);

/** What it answers: first that it is ready, then milliseconds of the best run, and some of a chain's results. */
export type Answer =
  | { readonly ready: string }
  | { readonly ms: number; readonly sample?: readonly number[] };

const elements = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1);

/** The same numbers for all peers: from −1/2 to 1/2, and weights that keep results of that size. */
export function chainData({ x, w, op }: Chain): { readonly x: Float32Array; readonly w: Float32Array } {
  const products = op === 'matmul' ? w[0] : elements(w.slice(1));
  const values = (count: number, step: number, scale: number) =>
    Float32Array.from({ length: count }, (_, i) => scale * (((i * step) % 1009) / 1008 - 0.5));
  return {
    x: values(elements(x), 7919, 1),
    w: values(elements(w), 6101, Math.sqrt(12 / products)),
  };
}

/** The first input of a network. */
export function networkInput(shape: readonly number[]): Float32Array {
  return Float32Array.from({ length: elements(shape) }, (_, i) => ((i * 7919) % 1009) / 1008 - 0.5);
}

/** Some results, from all over them. */
export function sampleOf(result: ArrayLike<number>): number[] {
  return Array.from({ length: 64 }, (_, i) => result[Math.floor((i * (result.length - 1)) / 63)]);
}

/** Milliseconds of the best run, of at least two within that time. */
export async function best(run: () => Promise<unknown>, seconds: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  const start = performance.now();
  for (let n = 0; n < 2 || performance.now() - start < 1000 * seconds; n++) {
    const before = performance.now();
    await run();
    least = Math.min(least, performance.now() - before);
  }
  return least;
}

/** Answers requests on standard input until it ends. */
export async function serve(
  ready: string,
  measure: (request: Request) => Promise<Exclude<Answer, { readonly ready: string }>>,
): Promise<void> {
  const answer = (message: Answer) => process.stdout.write(`${JSON.stringify(message)}\n`);
  answer({ ready });
  for await (const line of createInterface({ input: process.stdin }))
    answer(await measure(JSON.parse(line) as Request));
}
