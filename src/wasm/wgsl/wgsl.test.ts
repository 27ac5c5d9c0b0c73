import { describe, expect, test } from 'vitest';
import { checkModule } from './check-module.ts';
import { tokenize } from './lexer.ts';
import { WgslError } from './wgsl-error.ts';

const kernel = (body: string, before = '') => `${before}
@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3<u32>) {
  ${body}
}
`;

function refused(text: string): string {
  try {
    checkModule(text);
  } catch (error) {
    if (error instanceof WgslError) return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
}

test('tokens know their places, and `>` is never part of a longer one', () => {
  const tokens = tokenize('let v = // comment\n  array<vec4<f32>>(1u);');
  expect(tokens.map((t) => t.text).join(' ')).toBe('let v = array < vec4 < f32 > > ( 1u ) ; the end');
  expect(tokens.find((t) => t.text === 'array')!.at).toEqual({ line: 2, column: 3 });
});

describe('what is no WGSL, or left out, is refused with its place', () => {
  test.each([
    ['y[0] = 1', '7:1: "}" stands where ";" is expected'],
    ['y[0] = z;', '6:10: there is no variable "z"'],
    ['y[0] = 1u;', '6:10: u32 stands where f32 is expected'],
    ['x[0] = 1.0f;', '6:3: "x" cannot be written'],
    ['let a = 1u + 1i;', '6:11: there is no + of u32 and i32'],
    ['let a = sin(1.0f);', '6:11: the type sin is not supported'],
    ['let a = vec2<f32>(1.0f).z;', '6:11: vec2<f32> has no components z'],
    ['let a = 1u; let a = 2u;', '6:15: "a" is declared twice'],
    ['let a = array<u32, group.x>();', '6:22: an array has a constant length'],
    ['discard;', '6:10: ";" stands where an assignment is expected'],
    ['let a = &y[0];', '6:12: a pointer may only be given to atomicStore'],
    ['let from = 1u;', '6:7: "from" is a reserved word of WGSL'],
    ['let a = 4294967296u;', '6:11: 4294967296 is beyond u32'],
    ['return 1u;', '6:3: return gives nothing here'],
  ])('%s', (body, message) => {
    expect(refused(kernel(body))).toBe(message);
  });

  test('extensions and declarations', () => {
    expect(refused('enable subgroups;')).toBe('1:1: the extension subgroups is not supported');
    expect(refused('override n = 1u;')).toBe('1:1: "override" is not supported');
    expect(refused('fn f() {}')).toBe('1:1: a kernel has one compute entry point');
    expect(refused('#')).toBe('1:1: no token begins with "#"');
  });
});

test('constants are folded, and literals take the type that stands beside them', () => {
  const { entry } = checkModule(
    kernel('let a = (7 / 2 + LANES / 16u) * 2; y[0] = 1.0 / 3.0;', 'const LANES = 64u;'),
  );
  const [a, stored] = entry.body;
  expect(a).toMatchObject({ kind: 'declare', value: { kind: 'literal', type: { name: 'u32' }, value: 14 } });
  expect(stored).toMatchObject({
    value: { kind: 'literal', type: { name: 'f32' }, value: Math.fround(1 / 3) },
  });
});

test('which storage is written is known, also through functions', () => {
  const text = kernel('put(x[0]);', 'fn put(v: f32) { y[0] = v; }');
  expect(checkModule(text).bindings.map((v) => [v.name, v.written])).toEqual([
    ['y', true],
    ['x', false],
  ]);
});
