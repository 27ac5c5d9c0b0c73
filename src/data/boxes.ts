/**
 * Calls `visit` for every run along the last axis of a window that lies inside a map, both row-major, of any number of
 * axes: where it begins in the window and in the map, and how long it is.
 *
 * @param start of the window in the map; it may lie outside, as may the window's end
 */
export function eachSharedRun(
  map: readonly number[],
  window: readonly number[],
  start: readonly number[],
  visit: (inWindow: number, inMap: number, length: number) => void,
): void {
  const first = start.map((s) => Math.max(0, -s));
  const end = start.map((s, a) => Math.min(window[a], map[a] - s));
  const last = map.length - 1;
  if (first.some((n, a) => n >= end[a])) return;
  const walk = (a: number, inWindow: number, inMap: number): void => {
    if (a === last) {
      const [w, m] = [inWindow * window[a] + first[a], inMap * map[a] + start[a] + first[a]];
      visit(w, m, end[a] - first[a]);
      return;
    }
    for (let c = first[a]; c < end[a]; c++)
      walk(a + 1, inWindow * window[a] + c, inMap * map[a] + start[a] + c);
  };
  walk(0, 0, 0);
}

/** Elements of a map. */
export const volumeOf = (size: readonly number[]): number => size.reduce((n, d) => n * d, 1);

/**
 * Cuts a window out of each channel of [channels, ...map], which may reach beyond it; what lies outside is 0.
 *
 * @param out of the window's size times the channels, all 0
 */
export function cutBox<A extends Float32Array | Int32Array | Uint8Array>(
  source: A,
  map: readonly number[],
  window: readonly number[],
  start: readonly number[],
  out: A,
): A {
  const [from, to] = [volumeOf(map), volumeOf(window)];
  for (let c = 0; c < out.length / to; c++) {
    eachSharedRun(map, window, start, (inWindow, inMap, length) => {
      const at = c * from + inMap;
      out.set(source.subarray(at, at + length), c * to + inWindow);
    });
  }
  return out;
}

/** Label maps of equal size, [H, W] each, as one volume [D, H, W]. */
export function stackLabels<A extends Int32Array | Uint8Array>(maps: readonly A[]): A {
  if (maps.length === 1) return maps[0];
  const make = maps[0].constructor as new (length: number) => A;
  const volume = new make(maps.reduce((sum, map) => sum + map.length, 0));
  let at = 0;
  for (const map of maps) {
    volume.set(map, at);
    at += map.length;
  }
  return volume;
}
