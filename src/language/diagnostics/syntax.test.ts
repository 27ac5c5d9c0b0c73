import { describe } from 'vitest';
import { syntaxDiagnostics } from './syntax.ts';
import { forward, type MistakeCase, model, testMistakes } from './testing.ts';

const block = 'block A(n: int) {\n  forward(x: [B, n]) { x }\n}\n';

const cases: MistakeCase[] = [
  { code: 'unexpected-character', text: forward('    y = x ⟦$ x') },
  { code: 'foreign-syntax', text: forward('    y = x ⟦& x') },
  { code: 'unterminated-string', text: model('  require true, ⟦"no end') + block.replace('A', 'C') },
  { code: 'unclosed-bracket', text: forward('    y = relu⟦(x') },
  {
    code: 'unclosed-bracket',
    title: 'a vector',
    text: `${block}block C() {\n  let v = ⟦<1, 2\n  let w = 3\n}\n`,
  },
  { code: 'unclosed-bracket', title: 'a body', text: 'block A(n: int) ⟦{\n  forward(x: [B, n]) { x }\n' },
  { code: 'stray-bracket', text: forward('    y = relu(x)⟦)') },
  { code: 'too-deep', text: `block A(n: int = ${'('.repeat(99)}⟦(1)` },
  { code: 'too-deep', title: 'a megabyte of brackets', text: `${'('.repeat(100)}⟦${'('.repeat(1_000_000)}` },
  {
    code: 'too-deep',
    title: 'a chain of operators',
    text: `block A(n: int = ⟦1${' + 1'.repeat(50_000)}) {}`,
  },
  { code: 'too-deep', title: 'signs', text: `block A(n: int = ⟦${'-'.repeat(50_000)}1) {}` },
  { code: 'too-deep', title: 'powers', text: `block A(n: int = ⟦1${'^1'.repeat(50_000)}) {}` },
  { code: 'too-deep', title: 'indices', text: `block A(n: int = ⟦<1>${'[0]'.repeat(50_000)}) {}` },
  {
    code: 'too-deep',
    title: 'else if',
    text: forward(`    ⟦if true { y = x }${' else if true { y = x }'.repeat(5_000)}`),
  },
  {
    code: 'too-deep',
    title: 'a function that calls itself',
    text: model(
      '  def f(n) { ⟦f(n + 1) }\n  let n = f(0)\n  forward { y = x }\n  output o: [B, 4, 8, 8] = y',
    ),
  },
  { code: 'unexpected-token', text: forward('    y = x ⟦x') },
  { code: 'unexpected-token', title: 'at the top', text: `${block}⟦let x = 3\n` },
  { code: 'unexpected-token', title: 'no type', text: 'block A(n⟦) {}' },
  { code: 'unexpected-token', title: 'a positional parameter list', text: 'block A(n: int = ⟦) {}' },
  {
    code: 'unexpected-token',
    title: 'in a list of declarations',
    text: `block A(n: int) {\n  ⟦= 3\n  let m = n\n}\n`,
  },
  { code: 'unexpected-end', text: `${block}block ⟦C` },
  {
    code: 'unexpected-end',
    title: 'of a --set',
    text: '⟦' + model('forward { y = x }\n output o: [B, 4, 8, 8] = y', 'n: int = 1'),
    set: { n: '' },
  },
  { code: 'bad-binding-target', text: forward('    y = x\n    zs = [x]\n    ⟦zs[0] = x') },
  { code: 'let-in-forward', text: forward('    ⟦let y = x') },
  {
    code: 'update-outside-forward',
    text: 'block A(n: int) {\n  buffer b: [n] = zeros\n  ⟦update b = b + 1\n  forward(x: [B, n]) { x }\n}\n',
  },
  {
    code: 'ablation-not-supported',
    text: `${block}⟦ablation D of M with P {\n  vary n in { 1, 2 }\n  report dsc\n}\n`,
  },
  { code: 'number-too-large', text: 'block A(n: int = ⟦99999999999999999999) {}' },
  { code: 'number-too-large', title: 'a float', text: 'block A(n: float = ⟦1e999) {}' },
  {
    code: 'number-too-large',
    title: 'an exponent',
    text: forward('    n = ⟦2 ^ 1000000\n    y = x'),
  },
  { code: 'not-text', text: '⟦PK\0\0' },
  { code: 'file-too-large', text: '⟦' + ' '.repeat(3_000_000) },
  {
    code: 'file-not-found',
    text: `import { A } from ⟦"lib/missing.arch"\n${model('  a = A()\n  forward { y = a(x) }\n  output o: [B, 4, 8, 8] = y')}`,
  },
  {
    code: 'import-cycle',
    text: `import { C } from "c.arch"\n${block}`,
    files: { 'c.arch': 'import { A } from ⟦"spec.arch"\nblock C() {}\n' },
  },
  { code: 'nothing-declared', text: '⟦' },
  { code: 'nothing-declared', title: 'only comments', text: '⟦// nothing\n' },
];

describe('syntax', () => {
  testMistakes(syntaxDiagnostics, cases);
});
