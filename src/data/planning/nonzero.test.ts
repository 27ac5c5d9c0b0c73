import { expect, test } from 'vitest';
import { nonzeroBox, objectMask } from './nonzero.ts';

/** A volume drawn as slices of text: `.` is 0. */
function volume(...slices: string[]) {
  const lines = slices.map((s) => s.split('\n'));
  const data = Float32Array.from(slices.join('').replaceAll('\n', ''), (c) => (c === '.' ? 0 : -1));
  return { shape: [slices.length, lines[0].length, lines[0][0].length] as const, data: [data] };
}

test('the box around what is not 0 in any channel', () => {
  const { shape, data } = volume('....\n....\n....', '....\n.#..\n....', '....\n...#\n....');
  expect(nonzeroBox({ shape, data })).toEqual({ start: [1, 1, 1], shape: [2, 1, 3] });
  const other = volume('....\n....\n#...', '....\n....\n....', '....\n....\n....');
  expect(nonzeroBox({ shape, data: [...data, ...other.data] })).toEqual({
    start: [0, 1, 0],
    shape: [3, 2, 4],
  });
});

test('a volume of nothing but 0 is kept', () => {
  const empty = volume('...\n...');
  expect(nonzeroBox(empty)).toEqual({ start: [0, 0, 0], shape: [1, 2, 3] });
  expect([...objectMask(empty)]).toEqual([0, 0, 0, 0, 0, 0]);
});

// As scipy.ndimage.binary_fill_holes, whose neighbours share a face.
test('holes belong to the object, also where they touch the outside at an edge alone', () => {
  const full = '####\n####\n####\n####';
  const solid = volume(full, '####\n#..#\n#..#\n####', full);
  expect([...objectMask(solid)].every((m) => m === 1)).toBe(true);
  const open = volume(full, '####\n#...\n#..#\n####', full);
  expect([...objectMask(open)].filter((m) => m === 0).length).toBe(5);
  const edge = volume(full, '###.\n#..#\n#..#\n####', full);
  expect([...objectMask(edge)].filter((m) => m === 0).length).toBe(1);
});

test('an image of one slice has no holes', () => {
  expect([...objectMask(volume('###\n#.#\n###'))].filter((m) => m === 0).length).toBe(1);
});
