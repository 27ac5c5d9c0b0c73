import { describe, expect, it } from 'vitest';
import type { Component, Expr, TrainDecl } from './ast.ts';
import { parseExpression, parseModule, validateGrammar } from './parser.ts';

/** The shape of an expression in few characters: `(a + (b * c))`. */
function sketch(e: Expr): string {
  switch (e.kind) {
    case 'int':
    case 'float':
    case 'bool':
      return String(e.value);
    case 'string':
      return JSON.stringify(e.value);
    case 'name':
      return e.name;
    case 'vector':
      return `<${e.items.map(sketch).join(' ')}>`;
    case 'list':
    case 'tuple':
      return `${e.kind}[${e.items.map(sketch).join(' ')}]`;
    case 'comprehension':
      return `each(${e.variable.name} ${sketch(e.source)} ${sketch(e.item)})`;
    case 'unary':
      return `(${e.operator} ${sketch(e.operand)})`;
    case 'binary':
      return `(${sketch(e.left)} ${e.operator} ${sketch(e.right)})`;
    case 'range':
      return `(${sketch(e.from)} .. ${sketch(e.to)})`;
    case 'call':
      return `${sketch(e.callee)}(${e.args.map((a) => (a.name ? `${a.name.name}: ` : '') + sketch(a.value)).join(' ')})`;
    case 'index':
      return `${sketch(e.target)}[${sketch(e.index)}]`;
    case 'pipe':
      return `(${sketch(e.left)} |> ${sketch(e.right)})`;
    case 'if':
      return `if(${sketch(e.cond)} ${e.body.length}${e.else ? ` ${e.else.length}` : ''})`;
    default:
      return e.kind;
  }
}

const parse = (text: string): string => {
  const { expr, issues } = parseExpression(text, 'test');
  return expr ? sketch(expr) : issues.map((i) => i.code).join(' ');
};

describe('expressions', () => {
  it.each([
    ['a + b * c - d', '((a + (b * c)) - d)'],
    ['-a ^ 2', '(- (a ^ 2))'],
    ['2 ^ 3 ^ 2', '(2 ^ (3 ^ 2))'],
    ['2 ^ -1', '(2 ^ (- 1))'],
    ['a / b % c', '((a / b) % c)'],
    ['not a and b or c', '(((not a) and b) or c)'],
    ['a + 1 < b * 2', '((a + 1) < (b * 2))'],
    ['0..n - 1', '(0 .. (n - 1))'],
    ['0..4', '(0 .. 4)'],
    ['1e-4 + 4.0', '(0.0001 + 4)'],
    ['x |> f(1) |> g[0]', '((x |> f(1)) |> g[0])'],
    ['a + b |> f', '((a + b) |> f)'],
    ['f(a, b: 1, )', 'f(a b: 1)'],
    ['stages[s][0](x)', 'stages[s][0](x)'],
    ['<1, -2, a + b>', '<1 (- 2) (a + b)>'],
    ['a < b', '(a < b)'],
    ['a <= b', '(a <= b)'],
    ['f(<1, 2>)[0] > 1', '(f(<1 2>)[0] > 1)'],
    ['<1, 2> == <1, 2>', '(<1 2> == <1 2>)'],
    ['v[1..5]', 'v[(1 .. 5)]'],
    ['[f(s) for s in xs]', 'each(s xs f(s))'],
    ['(a, b)', 'tuple[a b]'],
    ['(a)', 'a'],
    ['if a { 1 } else if b { 2 } else { 3 }', 'if(a 1 1)'],
    ['"a \\"quoted\\" \\n"', '"a \\"quoted\\" \\n"'],
    ['[\n1,\n2,\n]', 'list[1 2]'],
  ])('%s', (text, expected) => {
    expect(parse(text)).toBe(expected);
  });
});

it('the grammar is valid: starts do not check it again', () => {
  expect(validateGrammar).not.toThrow();
});

describe('files', () => {
  const component = (text: string): Component => {
    const { module, issues } = parseModule(text, 'test');
    expect(issues).toEqual([]);
    return module.declarations[0] as Component;
  };

  it('`>` and `=` stay apart in a parameter list', () => {
    const { params } = component('block A(v: <int; 2>=<2,2>) {\n  let <H, W>= v\n}');
    expect(params[0].type.kind).toBe('vector');
    expect(sketch(params[0].default as Expr)).toBe('<2 2>');
  });

  it("a line's end ends a statement, unless the line goes on", () => {
    const { body } = component(`block A(n: int) {
  forward(x: [B]) {
    a = x
    (b)
    c = a +
      x
    d = x
      |> relu
    <1, 2>
  }
}`);
    const forward = body[0];
    if (forward.kind !== 'forward') throw new Error('no forward');
    expect(forward.fn.body.map((s) => ('value' in s ? sketch(s.value) : s.kind))).toEqual([
      'x',
      'b',
      '(a + x)',
      '(x |> relu)',
      '<1 2>',
    ]);
  });

  it('section words stay usable as names', () => {
    const { body } = component(`block A(input: int) {
  output = B(input)
  block[0] = B(input)
  forward = B(1)
  param = B(2)
  let model = 3
  param train: [model] = zeros
  forward(input: [B, n]) { input |> output |> block[0] }
}`);
    expect(body.map((d) => d.kind)).toEqual([
      'instance',
      'instance',
      'instance',
      'instance',
      'let',
      'param',
      'forward',
    ]);
  });

  it('keeps doc comments on declarations and comments for a formatter', () => {
    const { module } = parseModule(
      '/// The file.\n\n/// First line\n/// second.\nblock A(\n  /// How many.\n  n: int,\n) {\n  // plain\n}\n',
      'test',
    );
    const [a] = module.declarations as Component[];
    expect([module.doc, a.doc, a.params[0].doc]).toEqual(['The file.', 'First line\nsecond.', 'How many.']);
    expect(module.comments.map((c) => [c.text, c.span.line])).toEqual([['// plain', 9]]);
  });

  it('spans count lines and columns from 1, with Windows line ends too', () => {
    const { body } = component('block A(n: int) {\r\n  let a = n +  1\r\n}');
    const [decl] = body;
    if (decl.kind !== 'let') throw new Error('no let');
    expect(decl.value.span).toEqual({ file: 'test', start: 29, end: 35, line: 2, column: 11 });
  });

  it('reads train sections', () => {
    const { module } = parseModule('train T for M {\n  loss = a + 2 * b(c: 1)\n  steps = 3\n}', 'test');
    const [section] = module.declarations as TrainDecl[];
    expect(section.entries.map((e) => `${e.key.name}=${sketch(e.value)}`)).toEqual([
      'loss=(a + (2 * b(c: 1)))',
      'steps=3',
    ]);
  });

  it('reads settings of outputs', () => {
    const text = `train T for M {
  loss = a
  output cells {
    target = [["i", "b"], "c"]
    weight = 0.5
  }
  output aux[0] { loss = b }
  output = 3
}`;
    const { module, issues } = parseModule(text, 'test');
    const [section] = module.declarations as TrainDecl[];
    expect(issues).toEqual([]);
    expect(section.entries.map((e) => e.key.name)).toEqual(['loss', 'output']);
    expect(
      section.outputs.map(({ name, indices, entries }) => [
        name.name,
        indices.map(sketch),
        entries.map((e) => `${e.key.name}=${sketch(e.value)}`),
      ]),
    ).toEqual([
      ['cells', [], ['target=list[list["i" "b"] "c"]', 'weight=0.5']],
      ['aux', ['0'], ['loss=b']],
    ]);
    expect(section.outputs.map(({ path }) => text.slice(path.start, path.end))).toEqual(['cells', 'aux[0]']);
  });

  it('goes on after a mistake in the settings of an output', () => {
    const text = 'train T for M {\n  output x { loss c\n  }\n  output y\n  steps = 3\n}';
    const { module, issues } = parseModule(text, 'test');
    const [section] = module.declarations as TrainDecl[];
    expect(issues.map((i) => `${i.span.line}:${i.span.column} ${i.code}`)).toEqual([
      '2:19 unexpected-token',
      '4:11 unexpected-token',
    ]);
    expect(section.entries.map((e) => e.key.name)).toEqual(['steps']);
    expect(section.outputs.map(({ name }) => name.name)).toEqual(['x']);
  });

  it('goes on after each mistake', () => {
    const { module, issues } = parseModule(
      'block A(n int) {}\nblock C() {\n  let = 3\n  let a = 1 1\n  b = D(\n  c = D()\n}\nmodel M() {\n  input x [B]\n}',
      'test',
    );
    expect(issues.map((i) => `${i.span.line} ${i.code}`).sort()).toEqual([
      '1 unexpected-token',
      '3 unexpected-token',
      '4 unexpected-token',
      '5 unclosed-bracket',
      '9 unexpected-token',
    ]);
    expect(module.declarations.map((d) => d.kind)).toEqual(['bad', 'block', 'model']);
  });
});
