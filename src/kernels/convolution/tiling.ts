/** Output channels a thread: one where a group has one (depthwise). */
export function channelTile(m: number): number {
  return m === 1 ? 1 : 8;
}
