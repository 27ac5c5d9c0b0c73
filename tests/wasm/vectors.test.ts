import { expect, test } from 'vitest';
import { compiled, interpreted } from './run-kernel.ts';

/** The same numbers each time. */
function draws(): (n: number) => number {
  let state = 12345;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

const HEAD = `
@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> z: array<f32>;
@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3<u32>) {
`;

/** Whether compiled and interpreted kernels leave the same in all buffers; gives what they leave. */
function bothWays(body: string, groups = 1): Float32Array[] {
  const wgsl = `${HEAD}${body}\n}`;
  const numbers = (first: number) => Float32Array.from({ length: 64 }, (_, k) => first + k).buffer;
  const buffers = [numbers(1), numbers(101), numbers(201)];
  const truth = interpreted(wgsl, buffers, groups).map((b) => new Float32Array(b));
  for (const bounds of ['trusted', 'clamp'] as const) {
    const found = compiled(wgsl, buffers, groups, { bounds, relaxed: false });
    expect(
      found.map((b) => new Float32Array(b)),
      `${bounds}\n${wgsl}`,
    ).toEqual(truth);
  }
  return truth;
}

test('vectors made of lanes of up to four others', () => {
  const below = draws();
  const lines = Array.from({ length: 16 }, (_, k) => {
    const lanes = Array.from({ length: 4 }, () => `v${below(4)}.${'xyzw'[below(4)]}`);
    return `  y[${k}] = vec4<f32>(${lanes.join(', ')});`;
  });
  const loads = [0, 1, 2, 3].map((k) => `  let v${k} = x[${k}u];`);
  bothWays([...loads, ...lines].join('\n'));
});

test('a transposition', () => {
  const loads = [0, 1, 2, 3].map((k) => `  let v${k} = x[4u * group.x + ${k}u];`);
  const rows = [...'xyzw'].map(
    (l, k) => `  y[4u * group.x + ${k}u] = vec4<f32>(v0.${l}, v1.${l}, v2.${l}, v3.${l});`,
  );
  const [, y] = bothWays([...loads, ...rows].join('\n'), 4);
  expect([...y.slice(0, 8)]).toEqual([1, 5, 9, 13, 2, 6, 10, 14]);
});

test('one lane for all', () => {
  bothWays('  let v = x[1u] + x[2u];\n  y[0] = x[0] * vec4<f32>(v.z) + vec4<f32>(v[3]);');
});

test('what is chosen by a comparison', () => {
  const orders = ['a < b', 'a > b', 'b < a', 'b > a', 'a <= b'];
  const lines = orders.flatMap((order, k) => [
    `  y[${2 * k}] = select(a, b, ${order});`,
    `  y[${2 * k + 1}] = select(b, a, ${order});`,
  ]);
  bothWays(`
  let nothing = vec4<f32>(z[0] - z[0]) / vec4<f32>(1.0f, z[0] - z[0], 1.0f, 1.0f);
  let a = vec4<f32>(x[0].x, nothing.y, -0.0f, 3.0f);
  let b = vec4<f32>(2.0f, 1.0f, nothing.x, nothing.y);
${lines.join('\n')}`);
});

test('elements side by side keep what they were when they were loaded', () => {
  const [, y, z] = bothWays(`
  let v = vec4<f32>(z[0], z[1], z[2], z[3]);
  let s = vec4<f32>(z[4]);
  z[1] = 7.0f;
  z[4] = 8.0f;
  y[0] = v;
  y[1] = s;
  y[2] = vec4<f32>(z[0], z[1], z[2], z[3]);
  let first = z[8];
  z[9] = 9.0f;
  y[3] = vec4<f32>(first, z[9], z[10], z[11]);`);
  expect([...y.slice(0, 16)]).toEqual([
    201, 202, 203, 204, 205, 205, 205, 205, 201, 7, 203, 204, 209, 9, 211, 212,
  ]);
  expect(z[4]).toBe(8);
});

test('one element for all keeps what it was, also beside a vector that begins there', () => {
  const [, y] = bothWays(`
  let s = vec4<f32>(z[0]);
  let v = vec4<f32>(z[0], z[1], z[2], z[3]);
  z[0] = 7.0f;
  z[2] = 8.0f;
  y[0] = s * v;
  y[1] = vec4<f32>(z[0]) + vec4<f32>(z[0], z[1], z[2], z[3]);`);
  expect([...y.slice(0, 8)]).toEqual([201 * 201, 201 * 202, 201 * 203, 201 * 204, 14, 209, 15, 211]);
});

test('loops over memory that they change', () => {
  const bodies = [
    'z[i] = z[i] * 2.0f;',
    'let old = z[i]; z[i] = 1.0f; z[i + 16u] = old;',
    'z[i + 1u] = z[i] + 1.0f;',
    'z[i] = z[i + 1u] + 1.0f;',
    'z[i] = z[i + 2u] + z[i];',
    'let old = z[i]; z[i] = old + 1.0f; z[i + 4u] = old;',
    'let a = z[i]; let b = z[i + 16u]; z[i] = b; z[i + 16u] = a;',
    'let a = z[i + 3u]; z[i + 3u] = 2.0f * a; z[i + 16u] = a;',
    'z[i] = 0.5f * z[i + 4u]; z[i + 4u] = 3.0f;',
  ];
  for (const body of bodies) bothWays(`  for (var i = 0u; i < 14u; i++) { ${body} }`);
});
