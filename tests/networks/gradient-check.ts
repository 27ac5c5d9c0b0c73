import { gradientGraph } from '../../src/autodiff/differentiated.ts';
import type { Backend, Elements, Executable } from '../../src/backend/backend.ts';
import { referenceBackend } from '../../src/backend/reference.ts';
import { initialise } from '../../src/compiler/initialise.ts';
import { trainSection } from '../../src/compiler/model.ts';
import type { Graph } from '../../src/ir/graph.ts';
import type { Op, OpTable } from '../../src/ir/op.ts';
import type { ElaboratedModel } from '../../src/language/model.ts';
import { ops } from '../../src/ops/index.ts';
import { Random } from '../../src/recipe/random.ts';

export interface GradientCheck {
  /** (loss(w + εv) − loss(w − εv)) / 2ε in float64, for a random direction v. */
  readonly numeric: number;
  /** g · v with the reference backend's gradients. */
  readonly analytic: number;
  /**
   * Largest difference between a device's and the reference's gradients, over the network's largest gradient;
   * where there was a device to compare with.
   */
  readonly deviceError: number | undefined;
  /**
   * The same for the reference with every op's result rounded to float32, from weights and input that are off by
   * a float32's last bit: what no float32 implementation can be held to better than.
   */
  readonly float32Error: number | undefined;
}

/** Checks a model's gradients at its own first weights, on random input and labels. */
export async function checkGradients(
  model: ElaboratedModel,
  reference: Backend,
  device: Backend | undefined,
  seed: number,
  /** A larger one steps over kinks of ReLUs and over the curvature of norms of few elements. */
  step = 1e-7,
): Promise<GradientCheck> {
  const { graph, reached } = gradientGraph(model, trainSection(model), ops);
  const random = Random.stream(seed, 'gradient-check');
  const [input] = model.inputs;
  const x = Float32Array.from({ length: input.shape.reduce((a, b) => a * b, 1) }, () => random.normal());
  const [batch, classes, ...size] = model.graph.values[model.outputs[0].value].shape;
  const pixels = [batch, ...size].reduce((a, b) => a * b, 1);
  const target = Int32Array.from({ length: pixels }, () => random.integer(0, classes));
  // Norms at one and biases at zero hide mistakes: every weight is moved a little.
  const weights = new Map(
    model.parameters.map((p) => [p.name, initialise(p, seed).map((w) => w + 0.1 * random.normal())] as const),
  );
  const feed = (executable: Executable, change?: (value: number) => number) => {
    const changed = (data: Float32Array) => (change ? Float64Array.from(data, change) : data);
    executable.write('input', input.name, changed(x));
    executable.write('input', 'target', target);
    for (const [name, data] of weights)
      if (executable.has('param', name)) executable.write('param', name, changed(data));
  };
  const names = reached.map((p) => `g/${p.name}`);
  const gradients = (backend: Backend, change?: (value: number) => number) =>
    outputsOf(backend, model, graph, (executable) => feed(executable, change), names);
  const truth = await gradients(reference);
  const lastBit = Random.stream(seed, 'last bit');
  const nudge = (value: number) => value * (1 + 2 ** -24 * lastBit.normal());
  const deviceError = device && difference(await gradients(device), truth);
  const float32Error = device && difference(await gradients(referenceBackend(roundedOps), nudge), truth);

  const lossGraph = { ...graph, outputs: graph.outputs.filter((o) => o.name === 'loss') };
  const direction = new Map(
    reached.map((p) => [p.name, weights.get(p.name)!.map(() => random.normal())] as const),
  );
  const analytic = reached.reduce((sum, p) => {
    const v = direction.get(p.name)!;
    return sum + Array.from(truth.get(`g/${p.name}`)!).reduce((dot, g, i) => dot + g * v[i], 0);
  }, 0);

  const losses: number[] = [];
  for (const sign of [1, -1]) {
    const executable = await reference.prepare({ forward: lossGraph }, model.name, model.batch);
    feed(executable);
    for (const [name, v] of direction) {
      const w = weights.get(name)!;
      executable.write(
        'param',
        name,
        Float64Array.from(w, (value, i) => value + sign * step * v[i]),
      );
    }
    executable.run('forward');
    losses.push((await executable.readOutputs('forward', ['loss'])).get('loss')![0]);
  }
  return { numeric: (losses[0] - losses[1]) / (2 * step), analytic, deviceError, float32Error };
}

/** Ops whose reference keeps no more than a float32 holds. */
const roundedOps: OpTable = new Map(
  [...ops].map(([name, op]): [string, Op] => {
    if (op.kind !== 'primitive') return [name, op];
    const reference: typeof op.reference = (...args) =>
      op.reference(...args).map(({ shape, data }) => ({ shape, data: data.map(Math.fround) }));
    return [name, { ...op, reference }];
  }),
);

async function outputsOf(
  backend: Backend,
  { name, batch }: ElaboratedModel,
  graph: Graph,
  feed: (executable: Executable) => void,
  names: readonly string[],
): Promise<Map<string, Elements>> {
  const executable = await backend.prepare({ forward: graph }, name, batch);
  feed(executable);
  executable.run('forward');
  const outputs = await executable.readOutputs('forward', names);
  executable.destroy();
  return outputs;
}

/** Largest difference from the true gradients, over the largest of these. */
function difference(actual: ReadonlyMap<string, Elements>, truth: ReadonlyMap<string, Elements>): number {
  let largest = 0;
  let most = 0;
  for (const [name, gradient] of truth) {
    gradient.forEach((g, i) => {
      largest = Math.max(largest, Math.abs(g));
      const d = Math.abs(actual.get(name)![i] - g);
      most = Number.isNaN(d) ? Number.POSITIVE_INFINITY : Math.max(most, d);
    });
  }
  return most / largest;
}
