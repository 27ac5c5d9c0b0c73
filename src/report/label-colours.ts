type Colour = readonly [number, number, number];

/**
 * Colours of classes 1, 2, …, told apart also by the colour-blind (M. Okabe, K. Ito, "Color universal design",
 * 2008); beyond the seventh they repeat. Background has none.
 */
export const labelColours: readonly Colour[] = [
  [230, 159, 0],
  [86, 180, 233],
  [0, 158, 115],
  [240, 228, 66],
  [0, 114, 178],
  [213, 94, 0],
  [204, 121, 167],
];
