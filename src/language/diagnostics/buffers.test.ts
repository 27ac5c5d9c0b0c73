import { describe, expect, it } from 'vitest';
import { bufferDiagnostics } from './buffers.ts';
import { diagnose, type MistakeCase, model, testMistakes } from './testing.ts';

/** A model with the buffers `seen: [4]` and `steps: int`; `statements` begin on line 6. */
const buffered = (statements: string, more = ''): string =>
  model(`  buffer seen: [4] = zeros
  buffer steps: int = zeros
${more}  forward {
${statements}
    y = x
  }
  output out: [B, 4, 8, 8] = y`);

const cases: MistakeCase[] = [
  { code: 'not-a-buffer', title: 'bound in forward', text: buffered('    z = x\n    update ⟦z = x') },
  {
    code: 'not-a-buffer',
    title: 'a parameter',
    text: buffered('    update ⟦w = w + 1', '  param w: [4] = zeros\n'),
  },
  { code: 'bound-buffer', text: buffered('    ⟦seen = seen + 1') },
  {
    code: 'bound-buffer',
    title: 'in a tuple',
    text: buffered('    (z, ⟦seen) = [x, x]'),
  },
  { code: 'update-mismatch', text: buffered('    update ⟦seen = mean(x, axes: <2, 3>)') },
  {
    code: 'update-mismatch',
    title: 'a counter',
    text: buffered('    update ⟦steps = steps + 1')
      .replace('int = zeros', '[2] = zeros')
      .replace('steps + 1', 'sum(seen, axes: <0>)'),
  },
  {
    code: 'training-outside-forward',
    text: buffered('', '  param w: [4] = zeros   if ⟦training\n'),
  },
];

const others: MistakeCase[] = [
  { code: 'unknown-name', text: buffered('    update ⟦seem = x') },
  { code: 'wrong-type', title: 'no tensor', text: buffered('    update seen = ⟦3') },
  { code: 'wrong-type', title: 'a float for a counter', text: buffered('    update steps = ⟦steps * 2') },
  { code: 'wrong-type', title: 'a counter for floats', text: buffered('    update seen = ⟦steps + 1') },
  { code: 'wrong-type', title: 'another type', text: model('  buffer n: ⟦float = zeros') },
  { code: 'wrong-type', title: 'a counter that is drawn', text: model('  buffer n: int = ⟦normal(std: 1)') },
  { code: 'bad-shape', title: 'the batch', text: model('  buffer n: ⟦[B, 4] = zeros') },
  { code: 'duplicate-name', text: model('  buffer n: [4] = zeros\n  param ⟦n: [4] = zeros') },
  { code: 'absent-instance', text: buffered('    update ⟦n = x', '  buffer n: [4] = zeros   if false\n') },
  { code: 'not-an-initialiser', text: model('  buffer n: [4] = ⟦3') },
  {
    code: 'shape-mismatch',
    title: 'outside of training only',
    text: buffered('    if not training { z = x ⟦+ permute(x, <0, 2, 3, 1>) }'),
  },
];

describe('buffers', () => {
  testMistakes(bufferDiagnostics, [...cases, ...others]);

  it('names the buffer that was meant', () => {
    const text = buffered('    seem = 3\n    update ⟦seem = x');
    expect(diagnose({ code: '', text }).diagnostics.map((d) => d.hint)).toEqual(['update seen = …']);
  });

  it('leaves the words usable as names', () => {
    const text = `block Keep(buffer: int) {
  buffer update: [buffer] = zeros
  forward(training: [B, buffer, 8, 8]) {
    update update = update + 1
    training + reshape(update, <buffer, 1, 1>)
  }
}
${model('  keep = Keep(4)\n  forward { y = keep(x) }\n  output out: [B, 4, 8, 8] = y')}`;
    expect(diagnose({ code: '', text }).diagnostics).toEqual([]);
  });
});
