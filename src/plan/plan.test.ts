import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { trainingEntries } from '../autodiff/entries.ts';
import { trainSection } from '../compiler/model.ts';
import { kernelRenderer } from '../compiler/renderer.ts';
import { openModel } from '../files/open.ts';
import { GraphBuilder } from '../ir/builder.ts';
import type { Graph, ValueId } from '../ir/graph.ts';
import { portableLimits, portableTarget } from '../kernels/targets.ts';
import type { ElaboratedModel } from '../language/model.ts';
import { ops } from '../ops/index.ts';
import { broadcastTerms, planUnits } from './fuse.ts';
import { addLate } from './late-sums.ts';
import type { Location } from './location.ts';
import { planMemory } from './memory.ts';
import { planProgram } from './plan.ts';
import { PlanError } from './plan-error.ts';
import { loadedValues } from './unit.ts';
import { findViews } from './views.ts';

const renderer = kernelRenderer();
const plan = (graph: Graph, limits = portableLimits) => {
  const target = { ...portableTarget, limits };
  const program = planProgram({ forward: graph }, ops, renderer, { model: 'test', batch: 1, target });
  return { ...program, ...program.entries['forward'] };
};

describe('fusion', () => {
  test('a chain joins its producer, and only what is needed elsewhere is stored', () => {
    const b = new GraphBuilder(ops);
    const x = b.source('input', 'x', [4, 8]);
    const w = b.source('param', 'w', [6, 8]);
    const bias = b.source('param', 'bias', [6]);
    const y = b.add(b.einsum('b i, o i -> b o', x, w), bias);
    b.output('pre', y);
    b.output('out', b.apply('silu', [b.affine(y, 2)]));
    const { dispatches } = plan(b.build());
    expect(dispatches.map((d) => d.label)).toEqual(['einsum + add + affine + silu']);
    // x, w and bias are read; the sum and the end of the chain are stored, what lies between is not.
    expect(dispatches[0].bindings.length).toBe(5);
  });

  test('an operand that does not exist yet keeps ops apart', () => {
    const b = new GraphBuilder(ops);
    const x = b.source('input', 'x', [4, 8]);
    const first = b.sum(x, [0]);
    const later = b.apply('permute', [x], { axes: [1, 0] });
    b.output('y', b.add(b.reshape(later, [4, 8]), b.apply('silu', [first])));
    const labels = plan(b.build()).dispatches.map((d) => d.label);
    expect(labels).toEqual(['sum + silu', 'permute + add']);
  });

  test('a chain stops where the bindings run out', () => {
    const b = new GraphBuilder(ops);
    let y = b.apply('silu', [b.source('input', 'x', [16])]);
    for (let i = 0; i < 12; i++) y = b.add(y, b.source('input', `x${i}`, [16]));
    b.output('y', y);
    const { dispatches } = plan(b.build());
    expect(dispatches.length).toBeGreaterThan(1);
    for (const d of dispatches) {
      expect(d.bindings.length).toBeLessThanOrEqual(portableLimits.maxStorageBuffersPerShaderStage);
    }
  });

  test('broadcast operands are found by runs of axes', () => {
    expect(broadcastTerms([2, 3], [2, 3])).toBeUndefined();
    expect(broadcastTerms([3], [2, 3])).toEqual([{ divisor: 1, modulus: 3, stride: 1 }]);
    expect(broadcastTerms([3, 1, 1], [2, 3, 4, 5])).toEqual([{ divisor: 20, modulus: 3, stride: 1 }]);
    expect(broadcastTerms([2, 3, 1], [2, 3, 4])).toEqual([{ divisor: 4, modulus: 6, stride: 1 }]);
    expect(broadcastTerms([2, 1, 4], [2, 3, 4])).toEqual([
      { divisor: 12, modulus: 2, stride: 4 },
      { divisor: 1, modulus: 4, stride: 1 },
    ]);
    expect(broadcastTerms([], [2, 3])).toEqual([]);
  });
});

describe('kernels that are the same', () => {
  test('are one whether what they read may be written or not', () => {
    const b = new GraphBuilder(ops);
    const x = b.source('input', 'x', [4, 8]);
    const first = b.apply('softmax', [x], { axis: 1 });
    b.output('y', b.apply('softmax', [b.sum(b.einsum('a b, c b -> a c', first, x), [1])], { axis: 0 }));
    const { kernels, dispatches } = plan(b.build());
    const used = dispatches.filter((d) => d.label === 'softmax').map((d) => d.kernel);
    expect(used).toEqual([used[0], used[0]]);
    expect(kernels[used[0]].bindings).toEqual(['read_write', 'read_write']);
    const alone = new GraphBuilder(ops);
    alone.output('y', alone.apply('softmax', [alone.source('input', 'x', [4, 8])], { axis: 1 }));
    expect(plan(alone.build()).kernels[0].bindings).toEqual(['read', 'read_write']);
  });

  test('are one however many neighbours a thread copies', () => {
    const b = new GraphBuilder(ops);
    b.output('y', b.apply('permute', [b.source('input', 'x', [32, 16])], { axes: [1, 0] }));
    b.output('z', b.apply('permute', [b.source('input', 'w', [4, 16])], { axes: [1, 0] }));
    const { dispatches } = plan(b.build());
    expect(dispatches.map((d) => d.kernel)).toEqual([0, 0]);
  });

  test('are one whatever their constants', () => {
    const b = new GraphBuilder(ops);
    const x = b.source('input', 'x', [4, 8]);
    b.output('y', b.affine(x, 2, 3));
    b.output('z', b.affine(x, 4, 5));
    const { kernels, dispatches, uniforms } = plan(b.build());
    expect(dispatches.map((d) => d.kernel)).toEqual([0, 0]);
    expect(kernels).toHaveLength(1);
    const words = new Float32Array(Uint32Array.from(uniforms).buffer);
    const constants = dispatches.map(({ uniforms: [at] }) => [...words.slice(at / 4 + 1, at / 4 + 3)]);
    expect(constants).toEqual([
      [2, 3],
      [4, 5],
    ]);
  });
});

const tiny = fileURLToPath(new URL('../../tests/golden/tiny.arch', import.meta.url));
const nuclei = fileURLToPath(new URL('../../examples/nuclei/nuclei.arch', import.meta.url));
const small = { size: '<32,32>', dims: '<4,8,16,32>', d_state: '2' };
const entry = (name: string, model: ElaboratedModel) => {
  const section = trainSection(model);
  return trainingEntries(model, section, section.optimizer, ops).entries[name];
};
const graphs: [string, () => Graph][] = [
  ['gradients of a tiny network', () => entry('gradients', openModel(tiny, { batch: 2, training: true }))],
  ['update of a tiny network', () => entry('update', openModel(tiny, { batch: 2, training: true }))],
  [
    'gradients of a state-space network',
    () => entry('gradients', openModel(nuclei, { set: small, batch: 1, training: true })),
  ],
];

describe('memory', () => {
  test.each(graphs)('%s: no two values that are alive at once share bytes', (what, make) => {
    const graph = make();
    const views = findViews(graph, ops);
    const late = addLate(graph, planUnits(graph, ops, views, portableTarget), views, portableTarget);
    const { units, groups } = late;
    expect(groups.length > 0).toBe(what.startsWith('gradients'));
    const planned = { name: 'step', graph, ...late, views, into: new Map() };
    const [{ locations }] = planMemory([planned], portableLimits).entries;
    const alive = new Map<ValueId, { from: number; to: number }>();
    const groupOf = new Map(groups.flatMap((g) => g.parts.map((v) => [v.id, g.whole.id] as const)));
    const touch = (v: ValueId, at: number) => {
      const root = groupOf.get(v) ?? views.root(v);
      const life = alive.get(root);
      alive.set(root, { from: Math.min(life?.from ?? at, at), to: Math.max(life?.to ?? at, at) });
    };
    units.forEach((unit, at) => {
      for (const v of unit.scratch) touch(v.id, at);
      for (const call of unit.calls) for (const w of call.writes) touch(w.value.id, at);
      for (const step of unit.chain) touch(step.value, at);
      for (const v of loadedValues(unit)) touch(v, at);
    });
    for (const s of graph.sources) {
      touch(s.value, -1);
      touch(s.value, units.length);
    }
    for (const o of [...graph.outputs, ...graph.updates]) touch(o.value, units.length);
    const parts = new Map(
      views.packs.flatMap((p) => p.parts.map((part) => [part, views.root(p.value)] as const)),
    );
    const placed = [...alive].flatMap(([v, life]) => {
      const place = locations.get(v);
      return place ? [{ v, life, place }] : [];
    });
    const sharesBytes = (a: Location, b: Location) =>
      a.buffer === b.buffer && a.offset < b.offset + b.size && b.offset < a.offset + a.size;
    for (const [i, a] of placed.entries()) {
      for (const b of placed.slice(i + 1)) {
        if (parts.get(a.v) === b.v || parts.get(b.v) === a.v) continue; // a pack is its parts
        const together = a.life.from <= b.life.to && b.life.from <= a.life.to;
        if (together) expect(sharesBytes(a.place, b.place), `values ${a.v} and ${b.v}`).toBe(false);
      }
    }
    expect(placed.length).toBeGreaterThan(what.startsWith('gradients') ? 20 : 5);
  });

  test('memory is reused: a long chain of convolutions needs two tensors', () => {
    const b = new GraphBuilder(ops);
    let x = b.source('input', 'x', [1, 8, 16, 16]);
    const w = b.source('param', 'w', [8, 8, 3, 3]);
    for (let i = 0; i < 20; i++) x = b.apply('conv2d', [x, w], { padding: 1 });
    b.output('y', x);
    const { buffers, peak } = plan(b.build());
    const two = 2 * 4 * 8 * 16 * 16;
    expect(buffers.filter((u) => u.kind === 'values')).toEqual([{ kind: 'values', size: two }]);
    expect(peak).toBe(two);
  });

  test('neighbouring parts of one value that begin where no binding can are one binding', () => {
    const b = new GraphBuilder(ops);
    const y = b.apply('silu', [b.source('input', 'x', [3, 100])]);
    b.output('y', y);
    const part = (k: number) => b.apply('part', [y], { axis: 0, start: k, end: k + 1 });
    b.output('sum', b.add(b.mul(part(0), part(2)), part(1)));
    const { dispatches, kernels } = plan(b.build());
    const { bindings, kernel } = dispatches[1];
    expect(bindings.map(([, , size]) => size)).toEqual([1200, 400]);
    expect(kernels[kernel].wgsl).toContain('i + p.before_in1');
  });

  test('a dispatch binds no memory twice, and what it also writes for writing everywhere', () => {
    for (const [, make] of graphs) {
      const { kernels, dispatches } = plan(make());
      for (const d of dispatches) {
        const { bindings } = kernels[d.kernel];
        const written = new Set(
          d.bindings.filter((_, i) => bindings[i] === 'read_write').map(([buffer]) => buffer),
        );
        d.bindings.forEach(([buffer], i) => {
          if (written.has(buffer)) expect(bindings[i], d.label).toBe('read_write');
        });
        for (const [i, [buffer, offset, size]] of d.bindings.entries()) {
          for (const [other, at, bytes] of d.bindings.slice(i + 1)) {
            const apart = buffer !== other || offset + size <= at || at + bytes <= offset;
            expect(apart, `${d.label}: ${offset} and ${at}`).toBe(true);
          }
        }
      }
    }
  });
});

describe('limits', () => {
  test('values fill several arenas where one buffer cannot hold them', () => {
    const [, make] = graphs[0];
    const whole = plan(make());
    const limits = { ...portableLimits, maxBufferSize: 8192 };
    const split = plan(make(), limits);
    const arenas = split.buffers.filter((b) => b.kind === 'values');
    expect(arenas.length).toBeGreaterThan(1);
    for (const { size } of split.buffers) expect(size).toBeLessThanOrEqual(8192);
    expect(split.peak).toBe(whole.peak);
    expect(split.kernels.length).toBe(whole.kernels.length);
  });

  test('a tensor beyond what the adapter binds is refused with its size', () => {
    const b = new GraphBuilder(ops);
    const x = b.source('input', 'x', [1, 64, 1024, 1024]);
    // Every part of the result would need two parts of x.
    b.output('y', b.apply('roll', [x], { shifts: [1], axes: [1] }));
    expect(() => plan(b.build())).toThrow(PlanError);
    expect(() => plan(b.build())).toThrow(/256\.0 MiB.*128\.0 MiB/);
  });

  test('workgroups beyond 65535 go into the second dimension', () => {
    const b = new GraphBuilder(ops);
    const x = b.source('input', 'x', [70_000 * 64 * 4]);
    b.output('y', b.apply('silu', [x]));
    const limits = { ...portableLimits, maxComputeWorkgroupsPerDimension: 1000 };
    const [{ workgroups }] = plan(b.build(), limits).dispatches;
    expect(Math.max(...workgroups)).toBeLessThanOrEqual(1000);
    expect(workgroups[0] * workgroups[1] * 64 * 16).toBeGreaterThanOrEqual(70_000 * 64 * 4);
  });
});
