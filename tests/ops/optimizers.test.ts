import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { GraphBuilder } from '../../src/ir/builder.ts';
import type { Attrs } from '../../src/ir/graph.ts';
import { ops } from '../../src/ops/index.ts';
import { readSafetensors } from '../../src/tensors/safetensors.ts';
import { openWebgpu, useDevice } from '../device.ts';
import { relativeError } from './cases.ts';
import { type Feeds, feed, openSession, runReference } from './run.ts';

const folder = new URL('../fixtures/ops/', import.meta.url);
const described = JSON.parse(readFileSync(new URL('ops.json', folder), 'utf8')) as Record<
  string,
  { attrs: { lr: number; betas?: [number, number]; momentum?: number; [name: string]: unknown } }
>;
const { tensors } = readSafetensors(new URL('ops.safetensors', folder).pathname);
const data = (name: string) => Float64Array.from(tensors.get(name)!.data as unknown as ArrayLike<number>);

const names = ['optim.adamw', 'optim.adam', 'optim.sgd_nesterov'];

/** One optimizer step on two packed tensors of odd sizes: 5 rows of the fixture's 7 columns, as 3 and 2 rows. */
function stepGraph(name: string, clip = 0) {
  const { attrs } = described[name];
  const b = new GraphBuilder(ops);
  const shapes = [
    [3, 7],
    [2, 7],
  ];
  const params = shapes.map((s, i) => b.source('param', `w${i}`, s));
  const flat = b.apply('pack', params);
  // Gradients are computed values in training; packs hold no plain inputs.
  const grads = shapes.map((s, i) => b.affine(b.source('input', `g${i}`, s), 1));
  const flatGrads = b.apply('pack', grads);
  const norm2 = b.apply('sum_squares', [flatGrads]);
  const hyper = b.source('input', 'hyper', [8]);
  const loss = b.source('input', 'loss', []);
  const sgd = name === 'optim.sgd_nesterov';
  const stateNames = sgd ? ['buf'] : ['m', 'v'];
  const state = stateNames.map((n) => b.source('state', n, b.shape(flat)));
  const common = { weight_decay: attrs['weight_decay'] as number, clip };
  const stepAttrs: Attrs = sgd
    ? {
        ...common,
        momentum: attrs.momentum!,
        dampening: attrs['dampening'] as number,
        nesterov: attrs['nesterov'] as boolean,
      }
    : {
        ...common,
        betas: attrs.betas!,
        eps: attrs['eps'] as number,
        decoupled: name === 'optim.adamw',
      };
  const [newParams, ...newState] = b.applyAll(
    sgd ? 'sgd_step' : 'adamw_step',
    [flat, flatGrads, ...state, hyper, norm2, loss],
    stepAttrs,
  );
  b.update(params, newParams);
  state.forEach((s, i) => {
    b.update([s], newState[i]);
  });
  b.output('params', newParams);
  newState.forEach((s, i) => {
    b.output(stateNames[i], s);
  });
  b.output('norm2', norm2);
  return { graph: b.build(), stateNames };
}

function hyperOf(name: string, t: number): number[] {
  const { lr, betas = [0, 0] } = described[name].attrs;
  return [lr, 1 - betas[0] ** t, 1 - betas[1] ** t, t === 1 ? 1 : 0, 0, 0, 0, 0];
}

/** The tensors of a pack: 21 elements from 0, 14 elements from 64. */
const unpacked = (flat: ArrayLike<number>) => {
  const all = Array.from(flat);
  return [...all.slice(0, 21), ...all.slice(64, 78)];
};

const SIZE = 35;
const gradsOf = (name: string, t: number): Feeds => {
  const all = data(`${name}/grads`).slice((t - 1) * SIZE, t * SIZE);
  return { g0: all.slice(0, 21), g1: all.slice(21) };
};
const expectedAfter = (name: string, t: number) =>
  data(`${name}/after_each_step`).slice((t - 1) * SIZE, t * SIZE);

describe.each(names)('%s', (name) => {
  const { graph, stateNames } = stepGraph(name);

  test('follows PyTorch on the reference backend', () => {
    const start = data(`${name}/start`);
    let feeds: Record<string, ArrayLike<number>> = { w0: start.slice(0, 21), w1: start.slice(21), loss: [1] };
    for (const s of stateNames) feeds[s] = new Float64Array(128);
    for (let t = 1; t <= 5; t++) {
      feeds = { ...feeds, ...gradsOf(name, t), hyper: hyperOf(name, t) };
      const out = runReference(graph, feeds);
      const params = unpacked(out.get('params')!);
      expect(relativeError(params, expectedAfter(name, t)), `step ${t}`).toBeLessThan(1e-6);
      for (const s of stateNames) feeds[s] = out.get(s)!;
      feeds['w0'] = params.slice(0, 21);
      feeds['w1'] = params.slice(21);
    }
  });
});

describe('on WebGPU', () => {
  const device = useDevice(openWebgpu);

  test.each(names)('%s follows PyTorch', async (name) => {
    const { graph } = stepGraph(name);
    const session = await openSession(device(), graph);
    const start = data(`${name}/start`);
    feed(session, graph, { w0: start.slice(0, 21), w1: start.slice(21), loss: [1] });
    for (let t = 1; t <= 5; t++) {
      feed(session, graph, { ...gradsOf(name, t), hyper: hyperOf(name, t) });
      session.run('forward');
      const params = (await session.readOutputs('forward', ['params'])).get('params')!;
      expect(relativeError(unpacked(params), expectedAfter(name, t)), `step ${t}`).toBeLessThan(1e-4);
    }
    session.destroy();
  });

  test.each(names)('%s clips to a norm', async (name) => {
    const clip = 0.25;
    const { graph, stateNames } = stepGraph(name, clip);
    const start = data(`${name}/start`);
    const feeds: Record<string, ArrayLike<number>> = {
      ...gradsOf(name, 1),
      w0: start.slice(0, 21),
      w1: start.slice(21),
      loss: [1],
      hyper: hyperOf(name, 1),
    };
    const session = await openSession(device(), graph);
    feed(session, graph, feeds);
    session.run('forward');
    const outputs = ['params', 'norm2', ...stateNames];
    const got = await session.readOutputs('forward', outputs);
    session.destroy();
    for (const s of stateNames) feeds[s] = new Float64Array(128);
    const truth = runReference(graph, feeds);
    expect(Math.sqrt(truth.get('norm2')![0])).toBeGreaterThan(2 * clip);
    for (const o of outputs) expect(relativeError(got.get(o)!, truth.get(o)!), o).toBeLessThan(1e-4);
  });

  const poisons: [string, { loss?: number; grad?: number }][] = [
    ['loss is NaN', { loss: Number.NaN }],
    ['loss is infinite', { loss: Number.POSITIVE_INFINITY }],
    ['loss is minus infinity', { loss: Number.NEGATIVE_INFINITY }],
    ['a gradient is NaN', { grad: Number.NaN }],
    ['a gradient is infinite', { grad: Number.POSITIVE_INFINITY }],
    ['a gradient is minus infinity', { grad: Number.NEGATIVE_INFINITY }],
    ['a square overflows', { grad: 1e30 }],
  ];
  const cases = names.flatMap((name) =>
    poisons.map(([what, poison]) => [`${name} changes no bit where ${what}`, name, poison] as const),
  );
  test.each(cases)('%s', async (_title, name, poison) => {
    const { graph, stateNames } = stepGraph(name, 12);
    const session = await openSession(device(), graph);
    const start = data(`${name}/start`);
    feed(session, graph, { w0: start.slice(0, 21), w1: start.slice(21), loss: [1] });
    const read = async () => {
      const all = await session.readOutputs('forward', ['params', ...stateNames]);
      return [...all.values()].map((v) => new Uint32Array(v.buffer, v.byteOffset, v.length).slice());
    };
    feed(session, graph, { ...gradsOf(name, 1), hyper: hyperOf(name, 1) });
    session.run('forward');
    const before = await read();
    const grads = gradsOf(name, 2);
    const g1 = Float64Array.from(grads['g1']);
    if (poison.grad !== undefined) g1[9] = poison.grad;
    feed(session, graph, { ...grads, g1, hyper: hyperOf(name, 2), loss: [poison.loss ?? 1] });
    session.run('forward');
    expect(await read()).toEqual(before);
    // The next sound step counts again: the gate must not hold for good.
    feed(session, graph, { ...gradsOf(name, 2), loss: [1] });
    session.run('forward');
    expect((await read())[0]).not.toEqual(before[0]);
    session.destroy();
  });
});
