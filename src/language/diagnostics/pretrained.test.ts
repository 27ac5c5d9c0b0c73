import { describe, expect, it } from 'vitest';
import { pretrainedDiagnostics } from './pretrained.ts';
import { diagnose, type MistakeCase, testMistakes } from './testing.ts';

/** A model with parameters `body.scale.weight` and `head.weight`, and a pretrained section. */
const section = (rules: string): string => `block Scale(n: int) {
  param weight: [n] = ones
  forward(x: [B, n, H, W]) { x * reshape(weight, [1, n, 1, 1]) }
}
block Body(n: int) {
  scale = Scale(n)
  forward(x: [B, n, H, W]) { scale(x) }
}
model M(n: int = 4) {
  input x: [B, n, 8, 8]
  body = Body(n)
  head = Scale(n)
  forward {
    y = x |> body |> head
  }
  output out: [B, n, 8, 8] = y
}
pretrained P for M {
${rules}
}
`;

const cases: MistakeCase[] = [
  { code: 'unknown-rule', text: section('  ⟦renames { "a" -> "b" }') },
  { code: 'rule-form', text: section('  ⟦into { "body" }') },
  { code: 'rule-form', title: 'set', text: section('  ⟦skip = "norm.*"') },
  { code: 'rule-form', title: 'no text', text: section('  ⟦file = 3') },
  { code: 'bad-pattern', text: section('  skip { "norm.*", ⟦"a b" }') },
  { code: 'bad-pattern', title: 'empty', text: section('  rename { "norm.*" -> ⟦"" }') },
  { code: 'missing-target', text: section('  rename { ⟦"norm.*" }') },
  { code: 'needless-target', text: section('  skip { "norm.*" -> ⟦"head.*" }') },
  { code: 'unbound-wildcard', text: section('  rename { "norm" -> ⟦"body.*" }') },
  { code: 'no-such-parameters', text: section('  into = ⟦"bodi"') },
  { code: 'no-such-parameters', title: 'new', text: section('  into = "body"\n  new { ⟦"scales.*" }') },
  { code: 'no-such-parameters', title: 'if_shape', text: section('  if_shape {\n  ⟦"heads.*"\n  }') },
  // Codes of other tables, at their places in pretrained sections.
  { code: 'duplicate-setting', title: 'rule', text: section('  skip { "a" }\n  ⟦skip { "b" }') },
  { code: 'unknown-model', title: 'of a section', text: section('').replace('for M', 'for ⟦N') },
  { code: 'unexpected-token', title: 'no braces', text: section('  skip ⟦"norm.*"') },
  { code: 'unexpected-token', title: 'no quotes', text: section('  skip { "a", ⟦norm }') },
];

describe('pretrained sections', () => {
  testMistakes(pretrainedDiagnostics, cases);

  it.each([
    ['skip { "layers.{i.x" }', 'has `{i.x` where'],
    ['skip { "layers.{}.x" }', 'has `{}` where'],
    ['skip { "layers}.x" }', 'has `}` where'],
    ['rename { "layers.{i}" -> "blocks.{j}" }', 'uses `{j}`, which'],
  ])('%s', (rule, message) => {
    const { diagnostics } = diagnose({ code: '', text: section(`  ${rule}`) });
    expect(diagnostics.map((d) => d.message)).toEqual([expect.stringContaining(message)]);
  });

  it('suggests the nearest module and parameter', () => {
    const hint = (rules: string) =>
      diagnose({ code: '', text: section(rules) }).diagnostics.map((d) => d.hint);
    expect(hint('  into = "bodi"')).toEqual(['`body`']);
    expect(hint('  new { "heat.*" }')).toEqual(['`head`']);
  });

  it('leaves names alone where values are not the defaults', () => {
    const text = section('  into = "bodi"');
    expect(diagnose({ code: '', text, set: { n: '8' } }).diagnostics).toEqual([]);
    expect(diagnose({ code: '', text, set: {} }).diagnostics).toHaveLength(1);
  });

  it('keeps `pretrained` usable as a name', () => {
    const text = section('  skip { "a" }').replaceAll('body', 'pretrained');
    expect(diagnose({ code: '', text }).diagnostics).toEqual([]);
  });
});
