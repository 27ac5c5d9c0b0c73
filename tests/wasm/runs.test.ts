import { expect, test } from 'vitest';
import { compiled, interpreted } from './run-kernel.ts';

// Loops whose counter is divided: quotients are found once a run of turns, and are what the interpreter finds each turn.

const COUNT = 203;

/** Stores what is computed of `i` for COUNT numbers, by two workgroups; `d` has divisors, of which the last is 0. */
const kernel = (value: string) => `
struct P { d: array<vec4<u32>, 2> }
@group(0) @binding(0) var<uniform> p: P;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
fn put(i: u32, v: f32) {
  y[i] = v;
}
@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3<u32>) {
  let first = group.x * 101u;
  let end = min(first + 101u + group.x, ${COUNT}u);
  let d = p.d[0];
  let e = p.d[1];
  for (var i = first; i < end; i++) {
    put(i, ${value});
  }
}`;

const values: Readonly<Record<string, string>> = {
  'one quotient': 'f32(i / d.x)',
  'a remainder': 'f32(i % d.x)',
  'quotients of quotients': 'f32((i / d.x) % d.y * 10u + i % d.x)',
  'two divisors': 'f32(i / d.x) - f32(i / d.z) * 0.5f',
  'a divisor of 1': 'f32((i / e.x) % d.y)',
  'a divisor of 0': 'f32(i / e.y) + f32(i % e.y)',
  'a counter with something added': 'f32((i + d.w) / d.x)',
  'what is below 0 and wraps around': 'f32(min((i - 50u) / d.y, 1000000u))',
  'what is taken off by a quotient': 'f32((i - i / d.x * d.x) / e.z)',
  'a multiple of the counter': 'f32((3u * i) / d.x)',
  'a divisor that changes': 'f32(i / (i % 5u + 1u))',
};

test.each(Object.entries(values))('%s', (_, value) => {
  const wgsl = kernel(value);
  const buffers = [new Uint32Array([7, 31, 49, 1000, 1, 0, 3, 0]).buffer, new ArrayBuffer(4 * COUNT)];
  const [, truth] = interpreted(wgsl, buffers, 2);
  expect(new Float32Array(truth).some((x) => x !== 0)).toBe(true);
  for (const bounds of ['trusted', 'clamp'] as const) {
    const [, found] = compiled(wgsl, buffers, 2, { bounds, relaxed: false });
    expect(new Float32Array(found), bounds).toEqual(new Float32Array(truth));
  }
});
