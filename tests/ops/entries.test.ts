import { describe, expect, test } from 'vitest';
import { referenceBackend } from '../../src/backend/reference.ts';
import { GraphBuilder } from '../../src/ir/builder.ts';
import type { Entries, Graph } from '../../src/ir/graph.ts';
import { verifyGraph } from '../../src/ir/verify.ts';
import { ops } from '../../src/ops/index.ts';
import { deviceBackend, useBackend } from '../device.ts';

const device = useBackend();

function graph(build: (b: GraphBuilder) => void): Graph {
  const b = new GraphBuilder(ops);
  build(b);
  const made = b.build();
  expect(verifyGraph(made, ops)).toEqual([]);
  return made;
}

describe.each(['reference', deviceBackend])('entries on the %s backend', (name) => {
  const prepare = (entries: Entries) =>
    (name === 'reference' ? referenceBackend(ops) : device()).prepare(entries, 'test', 1);
  const list = (data: ArrayLike<number> | undefined) => Array.from(data ?? []);

  test('share their sources, and hand values on in carries', async () => {
    const executable = await prepare({
      // Two gradients of odd sizes, packed; and a carry that is a value of another entry's output.
      gradients: graph((b) => {
        const x = b.source('input', 'x', [3]);
        const w = b.source('param', 'w', [3]);
        const loss = b.sum(b.mul(x, w), [0]);
        const parts = [b.affine(x, 2), b.affine(b.reshape(w, [3, 1]), 10)];
        b.update([b.source('carry', 'grads', [128])], b.apply('pack', parts));
        b.update([b.source('carry', 'loss', [])], loss);
        b.output('loss', loss);
      }),
      update: graph((b) => {
        const grads = b.source('carry', 'grads', [128]);
        const w = b.source('param', 'w', [3]);
        const loss = b.source('carry', 'loss', []);
        const first = b.apply('slice', [grads], { axis: 0, start: 0, end: 3 });
        b.update([w], b.add(w, b.mul(first, loss)));
        b.output('norm2', b.apply('sum_squares', [grads]));
      }),
      forward: graph((b) => {
        b.output('y', b.affine(b.source('param', 'w', [3]), -1));
      }),
    });
    executable.write('param', 'w', Float32Array.of(1, 2, 3));
    executable.write('input', 'x', Float32Array.of(1, 0, 1));
    executable.run('gradients', 'update', 'forward');
    // loss 4, gradients (2, 0, 2) and (10, 20, 30).
    expect(list((await executable.readOutputs('gradients', ['loss'])).get('loss'))).toEqual([4]);
    expect(list((await executable.readOutputs('update', ['norm2'])).get('norm2'))).toEqual([8 + 1400]);
    expect(list((await executable.readOutputs('forward', ['y'])).get('y'))).toEqual([-9, -2, -11]);
    expect(list((await executable.read('param', ['w'])).get('w'))).toEqual([9, 2, 11]);
    expect(list((await executable.read('carry', ['loss'])).get('loss'))).toEqual([4]);
    executable.run('gradients');
    executable.run('forward');
    expect(list((await executable.readOutputs('gradients', ['loss'])).get('loss'))).toEqual([20]);
    expect(executable.has('carry', 'grads')).toBe(true);
    expect(executable.has('state', 'grads')).toBe(false);
    executable.destroy();
  });

  test('state starts as it says, and follows what other entries make of it', async () => {
    const executable = await prepare({
      count: graph((b) => {
        const n = b.state('n', [2], 5);
        b.update([n], b.affine(n, 1, 1));
        b.output('before', b.affine(n, 1));
      }),
      double: graph((b) => {
        const n = b.state('n', [2], 5);
        const zero = b.state('zero', [2]);
        b.update([n], b.affine(b.add(n, zero), 2));
      }),
    });
    expect(list((await executable.read('state', ['n'])).get('n'))).toEqual([5, 5]);
    executable.run('count', 'double', 'count');
    expect(list((await executable.readOutputs('count', ['before'])).get('before'))).toEqual([12, 12]);
    expect(list((await executable.read('state', ['n'])).get('n'))).toEqual([13, 13]);
    executable.destroy();
  });

  test('updates take what sources held before any of them', async () => {
    const executable = await prepare({
      step: graph((b) => {
        const [p, q] = ['p', 'q'].map((n) => b.source('buffer', n, [4]));
        const [i, j] = ['i', 'j'].map((n) => b.source('buffer', n, [], 'i32'));
        // A swap, a value that goes to two places, and one that is used after it has been handed on.
        b.update([p], q);
        b.update([q], p);
        b.update([j], b.apply('increment', [i]));
        const sum = b.add(p, q);
        b.update([b.source('carry', 'a', [4])], sum);
        b.update([b.source('carry', 'b', [2, 2])], sum);
        b.output('y', b.affine(sum, 2));
        b.output('sum', sum);
      }),
    });
    executable.write('buffer', 'p', Float32Array.of(1, 2, 3, 4));
    executable.write('buffer', 'q', Float32Array.of(5, 6, 7, 8));
    executable.write('buffer', 'i', Int32Array.of(7));
    executable.run('step');
    expect(list((await executable.read('buffer', ['p'])).get('p'))).toEqual([5, 6, 7, 8]);
    expect(list((await executable.read('buffer', ['q'])).get('q'))).toEqual([1, 2, 3, 4]);
    expect(list((await executable.read('buffer', ['j'])).get('j'))).toEqual([8]);
    const sum = [6, 8, 10, 12];
    for (const carry of ['a', 'b'])
      expect(list((await executable.read('carry', [carry])).get(carry)), carry).toEqual(sum);
    const outputs = await executable.readOutputs('step', ['y', 'sum']);
    expect(list(outputs.get('sum'))).toEqual(sum);
    expect(list(outputs.get('y'))).toEqual(sum.map((v) => 2 * v));
    executable.destroy();
  });

  test('several sources are updated as one', async () => {
    const executable = await prepare({
      first: graph((b) => {
        const parts = ['u', 'v', 'w'].map((n) => b.source('param', n, [2]));
        b.output('all', b.affine(b.apply('pack', parts), 1));
      }),
      second: graph((b) => {
        const [w, v] = ['w', 'v'].map((n) => b.source('param', n, [2]));
        b.update([v, w], b.affine(b.apply('pack', [v, w]), 3, 1));
      }),
    });
    for (const [i, n] of ['u', 'v', 'w'].entries()) executable.write('param', n, Float32Array.of(i, i + 10));
    executable.run('second', 'first');
    const all = list((await executable.readOutputs('first', ['all'])).get('all'));
    expect([0, 1, 64, 65, 128, 129].map((i) => all[i])).toEqual([0, 10, 4, 34, 7, 37]);
    executable.destroy();
  });

  test('one source is packed, too, and its neighbours stay', async () => {
    const executable = await prepare({
      step: graph((b) => {
        const [v, w, loss] = ['v', 'w', 'loss'].map((n) => b.source('buffer', n, n === 'loss' ? [] : [3]));
        const values = [b.affine(w, 2), b.affine(v, 5)].map((value) => b.apply('pack', [value]));
        b.update([w], b.apply('buffer_step', [b.apply('pack', [w]), values[0], loss, loss]));
        b.update([v], values[1]);
        b.output('v', v);
      }),
    });
    for (const n of ['v', 'w']) executable.write('buffer', n, Float32Array.of(1, 2, 3));
    executable.run('step', 'step');
    expect(list((await executable.read('buffer', ['w'])).get('w'))).toEqual([4, 8, 12]);
    expect(list((await executable.read('buffer', ['v'])).get('v'))).toEqual([25, 50, 75]);
    expect(list((await executable.readOutputs('step', ['v'])).get('v'))).toEqual([5, 10, 15]);
    executable.destroy();
  });

  test('a part of a source is not the source', async () => {
    const executable = await prepare({
      step: graph((b) => {
        const [p, q] = [b.source('param', 'p', [4, 3]), b.source('buffer', 'q', [2, 3])];
        const low = b.apply('slice', [p], { axis: 0, start: 0, end: 2 });
        b.update([q], b.apply('slice', [p], { axis: 0, start: 2, end: 4 }));
        b.output('low', low);
      }),
    });
    executable.write(
      'param',
      'p',
      Float32Array.from({ length: 12 }, (_, i) => i),
    );
    executable.run('step');
    expect(list((await executable.read('buffer', ['q'])).get('q'))).toEqual([6, 7, 8, 9, 10, 11]);
    expect(list((await executable.readOutputs('step', ['low'])).get('low'))).toEqual([0, 1, 2, 3, 4, 5]);
    executable.destroy();
  });

  test('sources that are not the same in two entries are a fault', async () => {
    const reads = (shape: readonly number[]) =>
      graph((b) => b.output('y', b.affine(b.source('param', 'w', shape), 1)));
    await expect(prepare({ one: reads([2]), two: reads([3]) })).rejects.toThrow(/param w is .*\[2\].*\[3\]/);
  });
});
