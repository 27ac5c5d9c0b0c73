import { describe } from 'vitest';
import { nameDiagnostics } from './names.ts';
import { forward, type MistakeCase, model, testMistakes } from './testing.ts';

const body = '  forward { y = x }\n  output out: [B, 4, 8, 8] = y';
const base = `${model(
  `  let k = 3\n  act[0] = Act()\n  variant style {\n    plain { let s = 1 }\n    fancy { let s = 2 }\n  }\n${body}`,
  'n: int = 1',
)}block Act() {\n  forward(x: [B, ...]) { relu(x) }\n}\n`;

const cases: MistakeCase[] = [
  { code: 'unknown-name', text: forward('    y = ⟦reluu(x)') },
  {
    code: 'unknown-name',
    title: 'in a block that is not used',
    text: 'block A(n: int) {\n  let m = ⟦k + 1\n}\n',
  },
  {
    code: 'unknown-name',
    title: 'in a branch that is not taken',
    text: forward('    y = if true { x } else { ⟦z }'),
  },
  {
    code: 'unknown-name',
    title: 'used before it is declared',
    text: model(`  let a = ⟦b\n  let b = 1\n${body}`),
  },
  {
    code: 'unknown-import',
    text: `import { ⟦Linea } from "nn.arch"\n${model(body)}`,
    files: { 'nn.arch': 'block Linear() {}\n' },
  },
  {
    code: 'unknown-import',
    title: 'what a file only imports',
    text: `import { ⟦Linear } from "b.arch"\n${model(body)}`,
    files: {
      'nn.arch': 'block Linear() {}\n',
      'b.arch': 'import { Linear } from "nn.arch"\nblock B2() {}\n',
    },
  },
  { code: 'duplicate-name', text: 'block A() {}\nblock ⟦A() {}\n' },
  { code: 'duplicate-name', title: 'parameters', text: 'block A(n: int, ⟦n: int) {}\n' },
  { code: 'duplicate-name', title: 'constants', text: model(`  let a = 1\n  let ⟦a = 2\n${body}`) },
  {
    code: 'duplicate-name',
    title: 'instances in a loop',
    text: model(`  for i in 0..2 { ⟦act = Act() }\n${body}`) + 'block Act() {}\n',
  },
  { code: 'reserved-input', text: model(`  input ⟦target: [B, 4]\n${body}`) },
  { code: 'reserved-input', title: 'of random numbers', text: model(`  input ⟦rng: [B, 4]\n${body}`) },
  { code: 'unknown-model', text: `${model(body)}train T for ⟦N {\n  batch = 1\n}\n` },
  { code: 'unknown-model', title: 'to extend', text: `${model(body)}model N extends ⟦L() {}\n` },
  { code: 'unknown-model', title: 'asked for', text: `⟦${model(body)}`, model: 'N' },
  { code: 'no-model', text: '⟦block A() {}\n', set: {} },
  { code: 'unknown-parameter', text: `⟦${model(body, 'depth: int = 1')}`, set: { deptj: '2' } },
  {
    code: 'no-such-instance',
    text: `${forward('    y = act[⟦1](x)').replace('  forward', '  act[0] = Act()\n  forward')}block Act() {\n  forward(x: [B, ...]) { relu(x) }\n}\n`,
  },
  { code: 'nothing-to-override', text: `${base}model N extends M() {\n  let ⟦j = 4\n}\n` },
  {
    code: 'nothing-to-override',
    title: 'an instance',
    text: `${base}model N extends M() {\n  ⟦act[1] = Act()\n}\n`,
  },
  {
    code: 'nothing-to-override',
    title: 'a variant',
    text: `${base}model N extends M() {\n  variant ⟦look { plain { let s = 1 } }\n}\n`,
  },
  { code: 'unknown-alternative', text: base.replace(/^/, ''), set: { style: 'plane' } },
  {
    code: 'unknown-alternative',
    title: 'overridden',
    text: `${base}model N extends M() {\n  variant style { ⟦other { let s = 3 } }\n}\n`,
  },
  {
    code: 'unknown-alternative',
    title: 'as an argument',
    text: `${base}model N extends M(style: ⟦fanciest) {}\n`,
  },
  {
    code: 'recursive-block',
    text: `${model(`  a = A()\n${body}`)}block A() {\n  inner = C()\n}\nblock C() {\n  inner = ⟦A()\n}\n`,
  },
  { code: 'recursive-extends', text: 'model M extends ⟦N() {}\nmodel N extends M() {}\n' },
];

describe('names', () => {
  testMistakes(nameDiagnostics, cases);
});
