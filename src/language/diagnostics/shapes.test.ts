import { describe, expect, it } from 'vitest';
import { renderDiagnostic } from '../render.ts';
import { shapeDiagnostics } from './shapes.ts';
import { diagnose, forward, type MistakeCase, model, testMistakes } from './testing.ts';

const end = '  forward { y = x }\n  output out: [B, 4, 8, 8] = y';
const wide = 'block Wide(n: int) {\n  forward(x: [B, n, H, W]) -> [B, n, H, W] { x }\n}\n';

const cases: MistakeCase[] = [
  { code: 'shape-mismatch', text: forward('    z = permute(x, <0, 2, 3, 1>)\n    y = x ⟦+ z') },
  { code: 'shape-mismatch', title: 'an op', text: forward('    y = ⟦reshape(x, [B, 5])') },
  {
    code: 'signature-mismatch',
    text: `${model('  w = Wide(3)\n  forward { y = ⟦w(x) }\n  output o: [B, 4, 8, 8] = y')}${wide}`,
  },
  {
    code: 'signature-mismatch',
    title: 'number of axes',
    text: `${model('  w = Wide(4)\n  forward { y = ⟦w(mean(x, axes: 3)) }\n  output o: [B, 4, 8, 8] = y').replace('axes: 3', 'axes: <3>')}${wide}`,
  },
  {
    code: 'result-mismatch',
    text: `${model('  w = Wide(4)\n  forward { y = w(x) }\n  output o: [B, 4, 8, 8] = y')}${wide.replace('-> [', '-> ⟦[').replace('{ x }', '{ permute(x, <0, 2, 3, 1>) }')}`,
  },
  {
    code: 'result-mismatch',
    title: 'an output',
    text: model('  forward { y = x }\n  output o: ⟦[B, 4, 4, 4] = y'),
  },
  {
    code: 'output-without-batch',
    text: model('  forward { y = x }\n  output o: ⟦[4, B, 8, 8] = permute(x, <1, 0, 2, 3>)'),
  },
  {
    code: 'output-without-batch',
    title: 'merged with another axis',
    text: model('  forward { y = x }\n  output o: ⟦[64, 4 * B] = reshape(x, [64, -1])'),
  },
  { code: 'bad-shape', title: 'of nothing', text: model(`  param w: [⟦4 - 4] = zeros\n${end}`) },
  { code: 'bad-shape', text: model(`  param w: [⟦0 - 1] = zeros\n${end}`) },
  {
    code: 'bad-shape',
    title: 'a parameter with the batch',
    text: model(`  param w: ⟦[B, 3] = zeros\n${end}`),
  },
  { code: 'bad-shape', title: 'open axes', text: model(`  param w: [⟦..., 3] = zeros\n${end}`) },
  {
    code: 'bad-shape',
    title: 'open axes twice',
    text: `${model('  w = Wide(4)\n  forward { y = w(x) }\n  output o: [B, 4, 8, 8] = y')}${wide.replace('x: [B, n, H, W]', 'x: [..., n, ⟦...]').replace('-> [B, n, H, W] ', '')}`,
  },
  {
    code: 'bad-shape',
    title: 'more axes than a tensor has',
    text: model(`  param w: ⟦[${new Array(25).fill('1').join(', ')}] = zeros\n${end}`),
  },
  {
    code: 'shape-mismatch',
    title: 'more axes than a tensor has',
    text: forward(`    z = ⟦reshape(x, [B, 256${', 1'.repeat(23)}])\n    y = x`),
  },
  { code: 'tensor-too-large', text: model(`  param w: ⟦[100000, 100000] = zeros\n${end}`) },
  {
    code: 'tensor-too-large',
    title: 'a result',
    text: forward('    z = ⟦full(<100000, 100000>, 0.0)\n    y = x'),
  },
];

describe('shapes', () => {
  testMistakes(shapeDiagnostics, cases);

  it('shows both shapes, where they come from, and a tensor that fits', () => {
    const text = `model M(size: <int, int> = <64, 64>) {
  let <H, W> = size
  input image: [B, 4, H, W]
  forward {
    up = max_pool2d(image, 2)
    skips = [image, max_pool2d(image, 2), max_pool2d(image, 4)]
    x = up + skips[2]
  }
  output o: [B, 4, H / 2, W / 2] = x
}
`;
    const { diagnostics, sources } = diagnose({ code: '', text });
    expect(diagnostics.map((d) => renderDiagnostic(d, sources, { color: false })).join('\n')).toBe(
      `error[shape-mismatch]: \`add\` needs equal shapes, found [B, 4, H/2, W/2] and [B, 4, H/4, W/4]: axis -2 is H/2 and H/4
  ┌─ spec.arch:7:12
7 │     x = up + skips[2]
  │         -- ^ -------- [B, 4, H/4, W/4] from \`max_pool2d\` (line 6)
  │         [B, 4, H/2, W/2] from \`up\` (line 5)
  = these differ: axis 2: H/2 = 32 and H/4 = 16; axis 3: W/2 = 32 and W/4 = 16
  = try: skips[1], which is [B, 4, H/2, W/2]`,
    );
  });
});
