import { expect, test } from 'vitest';
import { diagnose, type MistakeCase, model, unmark } from './diagnostics/testing.ts';

const body = `  let <H, W> = size
  let s = 2 ^ (N - 1)
  require H % s == 0 and W % s == 0, "halved"
  forward { y = x }
  output o: [B, 4, 8, 8] = y`;
const stages = 'size: <int, int> = <8, 8>, features: <int; N> = <4, 8>';
const rule = 'H % s == 0 and W % s == 0';
const block = 'block A(n: int, m: int = 1) {\n  require n > m, "more"\n  forward(x: [B, ...]) { x }\n}\n';

/** Where the refusal must point, and what it labels besides. */
const cases: readonly (MistakeCase & { readonly labels: readonly string[] })[] = [
  {
    code: 'the rule, where only defaults break it',
    text: model(body.replace('require ', 'require ⟦'), stages.replace('<8, 8>', '<8, 9>')),
    labels: ['`size` is <8, 9>', '`features` is <4, 8>', 'here H = 8, s = 2, W = 9'],
  },
  {
    code: 'the rule, where --set breaks it',
    text: model(body.replace('require ', 'require ⟦'), stages),
    set: { size: '<8, 10>', features: '<1, 2, 3>' },
    labels: ['`size` is <8, 10>', '`features` is <1, 2, 3>', 'here H = 8, s = 4, W = 10'],
  },
  {
    code: 'the argument of an extending model',
    text: `${model(body, stages)}model E extends M(\n  features: ⟦<4, 8, 8, 8, 8>,\n) {}\n`,
    model: 'E',
    labels: ['`features` is <4, 8, 8, 8, 8>', 'here H = 8, s = 16, W = 8'],
  },
  {
    code: 'the argument of an instance',
    text: `${model('  a = A(⟦0)\n  forward { y = a(x) }\n  output o: [B, 4, 8, 8] = y')}${block}`,
    labels: ['`n` is 0', 'here n = 0, m = 1'],
  },
];

test.each(cases)('a refusal points at $code', (c) => {
  const { diagnostics } = diagnose(c);
  expect(diagnostics.map((d) => d.code)).toEqual(['requirement-failed']);
  const [{ span, labels }] = diagnostics;
  const { line, column } = unmark(c.text);
  expect([span.file, span.line, span.column]).toEqual(['spec.arch', line, column]);
  expect(labels.map((l) => l.text)).toEqual(c.labels);
  const at = labels.at(-1)!.span;
  expect(unmark(c.text).text.slice(at.start, at.end)).toBe(c.text.includes('A(') ? 'n > m' : rule);
});
