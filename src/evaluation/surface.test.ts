import { describe, expect, it } from 'vitest';
import reference from '../../tests/fixtures/metrics/expected.json' with { type: 'json' };
import { readLabels } from '../data/image.ts';
import { Random } from '../recipe/random.ts';
import type { Triple } from './distance-transform.ts';
import { hausdorffDistance, normalisedSurfaceDistance, surfaceDistances } from './surface.ts';
import { contourLengths, surfaceAreas } from './surface-area.ts';

const folder = 'tests/fixtures/metrics';

describe('against the reference evaluation', () => {
  const cases = [
    ...reference.images.map((expected) => ({ ...expected, ending: '.png' })),
    ...reference.volumes.map((expected) => ({ ...expected, ending: '.nii.gz' })),
  ];
  it.each(cases)('NSD of $name', ({ name, ending, spacing, tolerance, labels }) => {
    const truth = readLabels(`${folder}/${name}_gt${ending}`);
    const prediction = readLabels(`${folder}/${name}_pred${ending}`);
    // 32-bit floats in the header.
    for (const [axis, size] of spacing.toReversed().entries())
      expect(truth.spacing[axis]).toBeCloseTo(size, 6);
    for (const label of ['1', '2'] as const) {
      const mask = (map: Int32Array) => Uint8Array.from(map, (v) => (v === Number(label) ? 1 : 0));
      const surfaces = surfaceDistances(
        { shape: truth.shape, truth: mask(truth.data), prediction: mask(prediction.data) },
        truth.spacing,
      );
      // Sums of some thousand areas in float64, in another order.
      expect(normalisedSurfaceDistance(surfaces, tolerance)).toBeCloseTo(labels[label].nsd, 11);
    }
  });
});

// By SciPy 1.17.1: codes by ndimage.correlate, distances by ndimage.distance_transform_edt, the first distance at which
// the sum of areas reaches 0.95.
it.each([
  ['hippocampus_177', 2.692582403567252, 44.51123453691214],
  ['hippocampus_235', 1, 28.844410203711913],
  ['hippocampus_341', 41.68333000133266, 2.5],
  ['hippocampus_197', Number.NaN, 15.258194519667128],
  ['hippocampus_045', 3.0618621784789726, 30.516389039334257],
])('HD95 of %s', (name, ...expected) => {
  const [truth, prediction] = ['gt', 'pred'].map((part) => readLabels(`${folder}/${name}_${part}.nii.gz`));
  const found = [1, 2].map((label) => {
    const mask = (map: Int32Array) => Uint8Array.from(map, (v) => (v === label ? 1 : 0));
    const masks = { shape: truth.shape, truth: mask(truth.data), prediction: mask(prediction.data) };
    return hausdorffDistance(surfaceDistances(masks, truth.spacing), 0.95);
  });
  for (const [i, value] of expected.entries()) {
    if (Number.isNaN(value)) expect(found[i]).toBeNaN();
    else expect(found[i]).toBeCloseTo(value, 12);
  }
});

/** Surface elements by the definition: of each corner the eight (four) voxels around it, one after the other. */
function elementsOf(
  mask: (z: number, y: number, x: number) => number,
  shape: Triple,
  spacing: Triple,
  flat: boolean,
) {
  const sizes = flat ? contourLengths(spacing) : surfaceAreas(spacing);
  const found: { place: number[]; area: number }[] = [];
  for (let z = 0; z <= (flat ? 0 : shape[0]); z++) {
    for (let y = 0; y <= shape[1]; y++) {
      for (let x = 0; x <= shape[2]; x++) {
        let code = 0;
        for (let corner = 0; corner < sizes.length / (flat ? 4 : 32); corner++) {
          const [d, h, w] = [flat ? 1 : (corner >> 2) & 1, (corner >> 1) & 1, corner & 1];
          code |= mask(z + d - 1, y + h - 1, x + w - 1) << corner;
        }
        if (code === 0 || code === sizes.length - 1) continue;
        found.push({ place: [z * spacing[0], y * spacing[1], x * spacing[2]], area: sizes[code] });
      }
    }
  }
  return found;
}

describe('against all pairs of elements', () => {
  const configurations = [
    { shape: [6, 7, 5], spacing: [2.5, 0.8, 1.25], contours: false },
    { shape: [1, 12, 9], spacing: [1, 1, 1], contours: true },
    { shape: [1, 12, 9], spacing: [1, 0.7, 1.3], contours: true },
    { shape: [1, 8, 9], spacing: [1, 1, 1], contours: false },
  ] as const;
  it.each(configurations)('$shape of $spacing, contours $contours', ({ shape, spacing, contours }) => {
    const random = Random.stream(11, ...shape);
    for (let round = 0; round < 12; round++) {
      const share = [0.02, 0.5, 0.9][round % 3];
      const [truth, prediction] = [0, 1].map(() =>
        Uint8Array.from({ length: shape[0] * shape[1] * shape[2] }, () => (random.chance(share) ? 1 : 0)),
      );
      truth[0] = prediction[prediction.length - 1] = 1;
      const surfaces = surfaceDistances({ shape, truth, prediction }, spacing, contours);
      const [a, b] = [truth, prediction].map((mask) =>
        elementsOf(
          (z, y, x) =>
            z < 0 || y < 0 || x < 0 || z >= shape[0] || y >= shape[1] || x >= shape[2]
              ? 0
              : mask[(z * shape[1] + y) * shape[2] + x],
          shape,
          spacing,
          contours,
        ),
      );
      const distances = [
        [a, b],
        [b, a],
      ].map(([from, to]) =>
        from
          .map(({ place, area }) => ({
            area,
            distance: Math.min(...to.map((other) => Math.hypot(...other.place.map((v, i) => v - place[i])))),
          }))
          .sort((p, q) => p.distance - q.distance),
      );
      const total = distances.flat().reduce((sum, { area }) => sum + area, 0);
      for (const tolerance of [0, 0.9, 1.7]) {
        const near = distances.flat().filter(({ distance }) => distance <= tolerance * (1 + 1e-6));
        const expected = near.reduce((sum, { area }) => sum + area, 0) / total;
        expect(normalisedSurfaceDistance(surfaces, tolerance)).toBeCloseTo(expected, 11);
      }
      const percentile = (share: number) =>
        Math.max(
          ...distances.map((list) => {
            const whole = list.reduce((sum, { area }) => sum + area, 0);
            let sum = 0;
            return list.find(({ area }) => (sum += area) / whole >= share - 1e-12)!.distance;
          }),
        );
      expect(hausdorffDistance(surfaces, 0.95)).toBeCloseTo(percentile(0.95), 11);
      expect(hausdorffDistance(surfaces, 1)).toBeCloseTo(percentile(1), 11);
    }
  });
});

describe('areas by geometry', () => {
  const spacing: Triple = [2, 3, 5];
  const [d, h, w] = spacing;
  const areas = surfaceAreas(spacing);
  const area = (size: Triple) => {
    const pair = { shape: size, truth: new Uint8Array(size[0] * size[1] * size[2]).fill(1) };
    const { truth } = surfaceDistances({ ...pair, prediction: pair.truth }, spacing);
    return truth.areas.reduce((sum, a) => sum + a, 0);
  };
  const triangle = (points: readonly (readonly number[])[]) => {
    const [u, v] = [1, 2].map((i) => points[i].map((c, axis) => (c - points[0][axis]) * spacing[axis]));
    return Math.hypot(u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]) / 2;
  };

  it('a box has six faces between the centres of its voxels, twelve bevelled edges and eight corners', () => {
    const [D, H, W] = [3, 4, 6];
    const faces = 2 * ((D - 1) * d * (H - 1) * h + (D - 1) * d * (W - 1) * w + (H - 1) * h * (W - 1) * w);
    const edges =
      2 * ((D - 1) * d * Math.hypot(h, w) + (H - 1) * h * Math.hypot(d, w) + (W - 1) * w * Math.hypot(d, h));
    const corner = triangle([
      [0.5, 0, 0],
      [0, 0.5, 0],
      [0, 0, 0.5],
    ]);
    expect(area([D, H, W])).toBeCloseTo(faces + edges + 8 * corner, 10);
  });

  it('a bent path is a triangle of every other vertex and three beside it', () => {
    // Inside are the corners 011, 001, 000, 100; the vertices are the middles of the edges that leave them.
    const vertices = [
      [0, 0.5, 0],
      [0, 1, 0.5],
      [0.5, 1, 1],
      [0.5, 0, 1],
      [1, 0, 0.5],
      [1, 0.5, 0],
    ];
    const parts = [
      [0, 2, 4],
      [0, 1, 2],
      [2, 3, 4],
      [4, 5, 0],
    ].map((part) => triangle(part.map((i) => vertices[i])));
    expect(areas[0b00011011]).toBeCloseTo(
      parts.reduce((sum, part) => sum + part, 0),
      12,
    );
  });

  it('three corners of a face are cut off by half the face and a trapezoid', () => {
    // Inside are 000, 010 and 001.
    const parts = [
      [
        [0.5, 0, 0],
        [0.5, 1, 0],
        [0.5, 0, 1],
      ],
      [
        [0.5, 1, 0],
        [0, 1, 0.5],
        [0, 0.5, 1],
      ],
      [
        [0.5, 1, 0],
        [0, 0.5, 1],
        [0.5, 0, 1],
      ],
    ].map(triangle);
    expect(areas[0b00000111]).toBeCloseTo(
      parts.reduce((sum, part) => sum + part, 0),
      12,
    );
  });

  it('inside and outside have the same boundary, which only a full or empty cell lacks', () => {
    for (let code = 0; code < 256; code++) {
      expect(areas[code]).toBeCloseTo(areas[255 - code], 12);
      expect(areas[code] > 0).toBe(code > 0 && code < 255);
    }
    const lengths = contourLengths(spacing);
    for (let code = 0; code < 16; code++) expect(lengths[code]).toBe(lengths[15 - code]);
    // A pixel's contour is a rhombus.
    expect(lengths[1] + lengths[2] + lengths[4] + lengths[8]).toBeCloseTo(2 * Math.hypot(h, w), 12);
  });
});

describe('empty masks', () => {
  const shape: Triple = [2, 2, 2];
  const [none, all] = [new Uint8Array(8), new Uint8Array(8).fill(1)];
  const both = (truth: Uint8Array, prediction: Uint8Array) => {
    const surfaces = surfaceDistances({ shape, truth, prediction }, [1, 1, 1]);
    return [normalisedSurfaceDistance(surfaces, 100), hausdorffDistance(surfaces, 0.95)];
  };
  it('one gives an NSD of 0 and no distance, two give nothing', () => {
    expect(both(all, none)).toEqual([0, Number.NaN]);
    expect(both(none, all)).toEqual([0, Number.NaN]);
    expect(both(none, none)).toEqual([Number.NaN, Number.NaN]);
    expect(both(all, all)).toEqual([1, 0]);
  });
});

it('a distance that equals the tolerance is within it, also where voxel sizes are 32-bit floats', () => {
  const size = Math.fround(0.8);
  expect(5 * size).toBeGreaterThan(4);
  const mask = (x: number) => Uint8Array.from({ length: 6 }, (_, i) => (i === x ? 1 : 0));
  const surfaces = surfaceDistances({ shape: [1, 1, 6], truth: mask(0), prediction: mask(5) }, [1, 1, size]);
  expect(normalisedSurfaceDistance(surfaces, 4)).toBe(1);
  expect(normalisedSurfaceDistance(surfaces, 3.9)).toBe(0.5);
});
