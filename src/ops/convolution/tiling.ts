export const WORKGROUP = 32;

/** Multiply-adds below which a part of a split sum is not worth its second pass. */
export const SHORTEST_PART = 64;

/** Output channels a thread: one where a group has one (depthwise). */
export function channelTile(m: number): number {
  return m === 1 ? 1 : 8;
}
