import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { references } from '../../docs/reference/reference.ts';
import { blockExamples, blockNames } from '../../src/cli/explain/blocks.ts';
import { nodeFiles } from '../../src/files/spec-files.ts';
import { check, loadSpec } from '../../src/language/index.ts';
import { ops } from '../../src/ops/index.ts';
import { families } from '../../src/recipe/index.ts';

const publicOps = [...ops.values()].filter((op) => !op.internal);

function errorsOf(spec: string): string[] {
  const files = {
    ...nodeFiles,
    read: (path: string) => (path === 'example.arch' ? spec : nodeFiles.read(path)),
  };
  return check(loadSpec('example.arch', files), ops)
    .filter(({ severity }) => severity === 'error')
    .map(({ code, message, span }) => `${span.line}:${span.column} ${code} ${message}`);
}

describe('documents that are written from the sources', () => {
  it.each(Object.entries(references))('%s is up to date (npm run docs)', (file, document) => {
    expect(readFileSync(file, 'utf8')).toBe(document());
  });
});

describe('ops', () => {
  it.each(publicOps.map((op) => [op.name, op] as const))(
    '%s says its shapes and its source',
    (_, { doc }) => {
      expect(doc).toContain('→');
      expect(doc).toMatch(/torch\.|PyTorch|arXiv|et al\./);
    },
  );

  it.each(publicOps.map((op) => [op.name, op.example ?? ''] as const))(
    'the example of %s passes',
    (name, example) => {
      if (example.startsWith('loss = ')) {
        const net =
          'model M() {\n  input x: [B, 3, 8, 8]\n  forward { y = relu(x) }\n  output o: [B, 3, 8, 8] = y\n}\n';
        expect(
          errorsOf(
            `${net}train T for M {\n  ${example}\n  optimizer = adam(lr: 1e-3)\n  batch = 1\n  steps = 1\n}\n`,
          ),
        ).toEqual([]);
        return;
      }
      const [, params, result] = /^forward\((.*)\) -> (\[[^\]]*\]) \{/.exec(example) ?? [];
      const tensors = [...params.matchAll(/(\w+): (\[[^\]]*\])/g)].map(([, tensor, shape]) => ({
        tensor,
        shape,
      }));
      const operands = tensors.map(({ tensor, shape }) =>
        shape.startsWith('[B') ? `  input ${tensor}: ${shape}` : `  param ${tensor}: ${shape} = zeros`,
      );
      const call = `part(${tensors.map((t) => t.tensor).join(', ')})`;
      const model = `model M() {\n${operands.join('\n')}\n  part = Example()\n  forward { y = ${call} }\n  output o: ${result} = y\n}\n`;
      expect(errorsOf(`block Example() {\n${example}\n}\n${model}`)).toEqual([]);
      const signs: Readonly<Record<string, string>> = { add: ' + ', sub: ' - ', mul: ' * ', div: ' / ' };
      expect(example.slice(example.indexOf('{'))).toContain(signs[name] ?? `${name}(`);
    },
  );
});

describe('blocks of the library', () => {
  const examples = blockExamples();

  it('each has an example', () => {
    expect(examples.map(({ block }) => block)).toEqual(blockNames());
  });

  it.each(examples.map((e) => [e.block, e] as const))('the example of %s passes', (block, e) => {
    const shapes: string[] = [];
    const args = e.inputs.replace(/\[B[^\]]*\]/g, (shape) => `x${shapes.push(shape) - 1}`);
    const results = e.result.startsWith('[[')
      ? [...e.result.slice(1, -1).matchAll(/\[[^\]]*\]/g)].map(([s]) => s)
      : [e.result];
    const outputs = results.flatMap((shape, i) =>
      shape.startsWith('[B') ? [`  output o[${i}]: ${shape} = ${results.length > 1 ? `y[${i}]` : 'y'}`] : [],
    );
    const spec = [
      `import { ${block} } from "${e.path}"`,
      'model M() {',
      ...shapes.map((shape, i) => `  input x${i}: ${shape}`),
      `  part = ${e.call}`,
      `  forward { y = part(${args}) }`,
      ...outputs,
      '}',
    ].join('\n');
    expect(errorsOf(spec)).toEqual([]);
    expect(outputs).not.toEqual([]);
  });
});

describe('parts of recipes', () => {
  const all = families.flatMap(({ kind, forms }) =>
    Object.entries(forms).map(([name, form]) => ({ kind, name, ...form })),
  );

  it.each(all)('the example of $kind $name passes', ({ name, example }) => {
    expect(example).toMatch(new RegExp(`\\b${name}\\b`));
    const [, shape] = /^param \w+: (\[.*\])/.exec(example) ?? [];
    const settings = { loss: 'cross_entropy', optimizer: 'adam(lr: 1e-3)', batch: '1', steps: '1' };
    const set = Object.entries(settings).flatMap(([key, value]) =>
      example.startsWith(`${key} `) ? [] : [`  ${key} = ${value}`],
    );
    const lines = [
      ...['model M() {', '  input x: [B, 3, 8, 8]', ...(shape ? [`  ${example}`] : [])],
      ...['  forward { y = relu(x) }', '  output o: [B, 3, 8, 8] = y', '}'],
      ...['train T for M {', ...set, ...(shape ? [] : [`  ${example}`]), '}', ''],
    ];
    expect(errorsOf(lines.join('\n'))).toEqual([]);
  });

  it.each(all)('$kind $name says what each argument is', ({ doc, args }) => {
    expect(doc).toMatch(/^[A-Za-z0-9`].*[.)]$/);
    for (const { doc: about } of Object.values(args)) expect(about).toMatch(/^[a-z0].*[^.]$/);
  });
});
