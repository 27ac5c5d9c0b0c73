import { describe, expect, test } from 'vitest';
import { ops } from '../ops/index.ts';
import { losses } from '../recipe/losses.ts';
import { type OptimizerSpec, optimizerOf, optimizers, stepAttributes } from '../recipe/optimizers.ts';
import { type Form, withDefaults } from '../recipe/setting.ts';

/** A form with its defaults, and 0.5 for what must be given. */
function withSomething(kind: string, { args }: Form): { kind: string } {
  const needed = Object.entries(args).flatMap(([name, s]) => (s.needed ? [[name, 0.5] as const] : []));
  return { kind, ...withDefaults(args, Object.fromEntries(needed)) };
}

describe.each(Object.entries(losses))('the loss %s', (_, { op: name, args }) => {
  const op = ops.get(name)!;

  test('is an op of logits and class ids that gives attributes all its arguments', () => {
    expect(op.operands.map(({ dtype = 'f32' }) => dtype)).toEqual(['f32', 'i32']);
    expect(Object.keys(op.attrs).sort()).toEqual(Object.keys(args).sort());
  });
});

describe.each(Object.entries(optimizers))('the optimizer %s', (kind, entry) => {
  const op = ops.get(entry.op)!;
  const spec = withSomething(kind, entry) as OptimizerSpec;

  test('is an op of parameters, gradients, its state, and what all steps share', () => {
    const operands = op.operands.map((o) => o.name);
    expect(operands.slice(0, 2)).toEqual(['params', 'grads']);
    expect(operands).toHaveLength(2 + entry.state.length + 3);
    expect(operands.slice(-3)).toEqual(['hyper', 'norm2', 'loss']);
    expect(new Set(entry.state).size).toBe(entry.state.length);
  });

  test('gives the op attributes that it has, and all that need a value', () => {
    const given = Object.keys(stepAttributes(spec));
    for (const name of given) expect(Object.keys(op.attrs)).toContain(name);
    for (const [name, { default: otherwise }] of Object.entries(op.attrs))
      if (otherwise === undefined) expect(given).toContain(name);
    expect(stepAttributes({ ...spec, clip: 3 })).toMatchObject({ clip: 3 });
    expect(stepAttributes({ ...spec, clip: undefined })).toMatchObject({ clip: 0 });
  });

  test('is what its table says', () => {
    expect(optimizerOf(spec)).toBe(entry);
  });
});
