import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ops } from '../ops/index.ts';
import { unmark } from './diagnostics/testing.ts';
import { check, loadSpec } from './index.ts';
import { memoryFiles } from './memory-files.ts';

const folder = new URL('../../specs/lib/', import.meta.url);
const library = Object.fromEntries(
  readdirSync(folder).map((file) => [`archc/lib/${file}`, readFileSync(new URL(file, folder), 'utf8')]),
);
const imports = 'import { BatchNorm2d, Conv2d, GroupNorm, Linear } from "archc/lib/nn.arch"\n';
const errors = (text: string, file = 'spec.arch') =>
  check(loadSpec(file, memoryFiles({ ...library, [file]: text })), ops).filter((d) => d.severity === 'error');

/** Where `⟦` is, the block's one mistake. */
const mistakes: readonly (readonly [title: string, block: string, message: RegExp, note: RegExp])[] = [
  [
    'two layers that do not fit',
    'block P(n: int) {\n  a = Linear(n, n + 1)\n  b = Linear(n, n)\n  forward(x: [..., n]) { x |> a |> ⟦b }\n}',
    /`b` expects x: \[\.\.\., 4\]/,
    /no model uses P; it was checked by itself with n = 4, x \[6, 10, 4\]/,
  ],
  [
    'the same at defaults',
    'block P(n: int = 12) {\n  a = Linear(n, n + 1)\n  b = Linear(n, n)\n  forward(x: [B, n]) { x |> a |> ⟦b }\n}',
    /\[B, 13\]/,
    /by itself with x \[B, 12\]/,
  ],
  [
    'another rank',
    'block P(n: int) {\n  forward(x: [B, n, H, W]) { ⟦permute(x, <0, 1>) }\n}',
    /needs 4 axes/,
    /n = 4, x \[B, 4, 16, 24\]/,
  ],
  [
    'samples that mix',
    'block P() {\n  forward(x: [B, C, H, W]) { ⟦reshape(x, [C, B, H, 2 * W]) }\n}',
    /reshape/,
    /x \[B, 16, 24, 32\]/,
  ],
  [
    'a result of another shape',
    'block P(n: int) {\n  l = Conv2d(n, 2 * n, 3, padding: 1)\n  forward(x: [B, n, H, W]) -> ⟦[B, n, H, W] { l(x) }\n}',
    /\[B, 8, 16, 24\]/,
    /n = 4/,
  ],
  [
    'behind a condition of its own',
    'block P(n: int, groups: int) {\n  require n % groups == 0 and groups > 4, "they divide"\n  g = GroupNorm(groups, n)\n  forward(x: [B, n, H, W]) { ⟦g(concat(x, x, axis: 1)) }\n}',
    /\[B, 16, 16, 24\]/,
    /n = 8, groups = 8/,
  ],
  [
    'a condition of what it is made of, that it never meets',
    'block P(n: int) {\n  g = GroupNorm(3, ⟦8)\n  l = Linear(n, n)\n  forward(x: [B, 8, H, n]) { g(l(x)) }\n}',
    /groups divide the channels/,
    /n = 4/,
  ],
  [
    'where nothing is known of the argument',
    'block P(c: int) {\n  l = Conv2d(c, c, 3)\n  forward(x) { relu(l(x, ⟦3)) }\n}',
    /`l` takes one argument/,
    /c = 4/,
  ],
  [
    'outside of training only',
    'block P(n: int) {\n  norm = BatchNorm2d(n)\n  forward(x: [B, n, H, W]) -> [B, n, H, W] {\n    if training { norm(x) } else { ⟦norm(mean(x, <1>)) }\n  }\n}',
    /expects x/,
    /n = 4/,
  ],
];

/** Blocks with which nothing is wrong, though not every number suits them. */
const right: readonly (readonly [title: string, block: string])[] = [
  [
    'conditions on arguments and sizes',
    'block R(dim: int, heads: int, mode: string) {\n  require dim % heads == 0 and heads > 2, "heads"\n  require mode == "a", "mode"\n  forward(x: [B, dim, H, W]) -> [B, dim, H, W] {\n    require H % heads == 0, "parts"\n    y = reshape(x, [B, heads, dim / heads, H, W])\n    reshape(y, [B, dim, H, W])\n  }\n}',
  ],
  [
    'a number of tokens that is the product of two sizes',
    'block R(size: <int, int>, dim: int) {\n  let <H, W> = size\n  forward(x: [B, N, dim]) -> [B, dim, H, W] { permute(reshape(x, [B, H, W, dim]), <0, 3, 1, 2>) }\n}',
  ],
  [
    'lists of tensors, vectors of a length',
    'block R(dims: <int; n>) {\n  for i in 0..n { up[i] = Conv2d(dims[i], dims[0], 1) }\n  forward(skips: list) { [up[i](skips[i]) for i in 0..n] }\n}',
  ],
  [
    'optional parts, and buffers',
    'block R(n: int, norm: bool) {\n  body = BatchNorm2d(n)   if norm\n  buffer seen: int = zeros\n  forward(x: [B, n, H, W]) {\n    update seen = seen + 1\n    if norm { body(x) } else { x }\n  }\n}',
  ],
  [
    'windows, whose first axis holds the batch',
    'block R(dim: int) {\n  mix = Linear(dim, dim)\n  forward(x: [BW, N, dim]) -> [BW, N, dim] { mix(x) }\n}',
  ],
  [
    'widths that must be equal',
    'block R(a: int, b: int) {\n  l = Linear(a, b)\n  forward(x: [B, a]) { x + l(x) }\n}',
  ],
  [
    'a condition that no small numbers meet',
    'block R(n: int) {\n  require n == 12345, "odd"\n  forward(x: [B, n]) { reshape(x, [B, 5]) }\n}',
  ],
];

describe('a block that no model uses', () => {
  it.each(mistakes)('is checked: %s', (_, block, message, note) => {
    const { text, line, column } = unmark(imports + block);
    const found = errors(`${text}\n`);
    expect(found.map((d) => `${d.span.line}:${d.span.column}`)).toEqual([`${line}:${column}`]);
    expect(found[0].message).toMatch(message);
    expect(found[0].notes.join('\n')).toMatch(note);
  });

  it.each(right)('is not blamed for numbers that do not suit it: %s', (_, block) => {
    expect(errors(`${imports}${block}\n`).map((d) => d.message)).toEqual([]);
  });

  it('is told once where a model uses it after all', () => {
    const block = 'block P(n: int) {\n  forward(x: [B, n]) { reshape(x, [B, n + 1]) }\n}\n';
    const model =
      'model M() {\n  input x: [B, 3]\n  p = P(3)\n  forward { y = p(x) }\n  output o: [B, 4] = y\n}\n';
    const found = errors(block + model);
    expect(found).toHaveLength(1);
    expect(found[0].notes.join()).not.toContain('no model uses');
  });
});

describe('the library', () => {
  it.each(Object.keys(library))('each block of %s is right by itself', (file) => {
    expect(errors(library[file], file).map((d) => d.message)).toEqual([]);
  });

  it('a wrong width in it would be found', () => {
    const file = 'archc/lib/residual.arch';
    const broken = library[file].replace(/Conv2d\((\w+), /, 'Conv2d($1 + 1, ');
    expect(broken).not.toBe(library[file]);
    expect(errors(broken, file).map((d) => d.code)).toContain('signature-mismatch');
  });
});
