import type { Slice } from '../case.ts';

/** Mirrored copy: `vertical` reverses the rows, `horizontal` the columns. */
export function flip<S extends Slice>(slice: S, axis: 'vertical' | 'horizontal'): S {
  const { height, width } = slice;
  return rearrange(slice, height, width, (y, x) =>
    axis === 'vertical' ? (height - 1 - y) * width + x : y * width + (width - 1 - x),
  );
}

/** Copy rotated by `quarters` × 90° counter-clockwise, exactly: pixels are moved, never interpolated. */
export function rotate90<S extends Slice>(slice: S, quarters: number): S {
  const { height, width } = slice;
  switch (((quarters % 4) + 4) % 4) {
    case 1:
      return rearrange(slice, width, height, (y, x) => x * width + (width - 1 - y));
    case 2:
      return rearrange(slice, height, width, (y, x) => (height - 1 - y) * width + (width - 1 - x));
    case 3:
      return rearrange(slice, width, height, (y, x) => (height - 1 - x) * width + y);
    default:
      return slice;
  }
}

/** Moves pixels alike in every channel, the label and the mask; `sourceOf` gives the old index of a new pixel. */
function rearrange<S extends Slice>(
  slice: S,
  height: number,
  width: number,
  sourceOf: (y: number, x: number) => number,
): S {
  const plane = height * width;
  const sources = new Int32Array(plane);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) sources[y * width + x] = sourceOf(y, x);
  const image = new Float32Array(slice.image.length);
  for (let c = 0; c < slice.channels; c++) {
    for (let i = 0; i < plane; i++) image[c * plane + i] = slice.image[c * plane + sources[i]];
  }
  const { label, mask } = slice;
  return {
    ...slice,
    ...{ height, width, image },
    ...(label && { label: gather(label, sources, new Int32Array(plane)) }),
    ...(mask && { mask: gather(mask, sources, new Uint8Array(plane)) }),
  };
}

function gather<A extends Int32Array | Uint8Array>(values: A, sources: Int32Array, out: A): A {
  for (let i = 0; i < sources.length; i++) out[i] = values[sources[i]];
  return out;
}
