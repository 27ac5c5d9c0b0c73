import type { GraphBuilder } from '../ir/builder.ts';
import type { ValueId } from '../ir/graph.ts';

/** 0, 1, …, n − 1. */
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/**
 * Cuts a map of any number of axes into windows: x [B, n₀·w₀, n₁·w₁, …, C] → [B, n₀, n₁, …, w₀, w₁, …, C].
 *
 * @param order of the windows' own axes in the result, by default as in the map
 */
export function cutWindows(
  b: GraphBuilder,
  x: ValueId,
  window: readonly number[],
  order: readonly number[] = upTo(window.length),
): ValueId {
  const [batch, ...sizes] = b.shape(x);
  const channels = sizes.pop()!;
  const pairs = sizes.flatMap((n, a) => [n / window[a], window[a]]);
  const rank = window.length;
  const counts = upTo(rank).map((a) => 1 + 2 * a);
  const axes = [0, ...counts, ...order.map((a) => 2 + 2 * a), 1 + 2 * rank];
  return b.permute(b.reshape(x, [batch, ...pairs, channels]), axes);
}

/** Undoes it: [B, n₀, n₁, …, w₀, w₁, …, C] → [B, n₀·w₀, n₁·w₁, …, C]. */
export function joinWindows(b: GraphBuilder, x: ValueId): ValueId {
  const [batch, ...sizes] = b.shape(x);
  const channels = sizes.pop()!;
  const rank = sizes.length / 2;
  const axes = [0, ...upTo(rank).flatMap((a) => [1 + a, 1 + a + rank]), 1 + 2 * rank];
  const joined = upTo(rank).map((a) => sizes[a] * sizes[a + rank]);
  return b.reshape(b.permute(x, axes), [batch, ...joined, channels]);
}
