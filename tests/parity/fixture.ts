import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Graph } from '../../src/ir/graph.ts';
import { readSafetensors } from '../../src/tensors/safetensors.ts';
import { type Tensor, toFloat32 } from '../../src/tensors/tensor.ts';

/** What a network fixture's JSON holds, as far as it is used. */
export interface FixtureInfo {
  readonly net: string;
  readonly config: Readonly<Record<string, number | boolean | readonly number[]>>;
  readonly batch: number;
  readonly params: number;
  readonly outputs: readonly (readonly number[])[];
  readonly loss: number;
  readonly grad_norm: number;
  readonly state_dict: readonly (readonly [string, readonly number[]])[];
  readonly parameters_without_gradient: readonly string[];
  /** What PyTorch's float32 loses: of the outputs' largest value, and absolute by gradient. */
  readonly torch_float32_error_relative_to_max: number;
  readonly torch_float32_gradient_error: Readonly<Record<string, number>>;
  readonly train?: { readonly steps: number; readonly losses: readonly number[] };
}

export interface Fixture {
  readonly name: string;
  readonly info: FixtureInfo;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** Names of the fixtures in a folder: `<name>.json` with `<name>.safetensors` beside it. */
export function fixtureNames(folder: string): string[] {
  return readdirSync(folder)
    .filter((f) => f.endsWith('.json') && existsSync(join(folder, f.replace(/json$/, 'safetensors'))))
    .map((f) => f.slice(0, -'.json'.length))
    .sort();
}

export function readFixture(folder: string, name: string): Fixture {
  return {
    name,
    info: JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as FixtureInfo,
    tensors: readSafetensors(join(folder, `${name}.safetensors`)).tensors,
  };
}

/** The configuration as texts by parameter, as --set has them. */
export function setTexts(config: FixtureInfo['config']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [
      key,
      typeof value === 'object' ? `<${value.join(',')}>` : String(value),
    ]),
  );
}

/** The configuration as arguments of the command line. */
export function setArguments(config: FixtureInfo['config']): string[] {
  return Object.entries(setTexts(config)).flatMap(([key, text]) => ['--set', `${key}=${text}`]);
}

/** Tensors under a prefix, without it. */
export function under(tensors: ReadonlyMap<string, Tensor>, prefix: string): Map<string, Tensor> {
  return new Map(
    [...tensors].filter(([n]) => n.startsWith(prefix)).map(([n, t]) => [n.slice(prefix.length), t] as const),
  );
}

/** The fixture's weights, batch and class ids as sources of a graph of the model; not every graph reads all. */
export function sourcesOf(
  { tensors }: Fixture,
  input: string,
): (readonly [kind: 'input' | 'param' | 'buffer', name: string, data: Float32Array | Int32Array])[] {
  const data = (t: Tensor) => (t.dtype === 'I32' ? t.data : toFloat32(t));
  return [
    ...[...under(tensors, 'w/')].flatMap(([name, t]) =>
      (['param', 'buffer'] as const).map((kind) => [kind, name, data(t)] as const),
    ),
    ['input', input, data(tensors.get('x')!)],
    ['input', 'target', data(tensors.get('target')!)],
  ];
}

/** What a run gave, as tensors of the graph's shapes. */
export function outputTensors(
  graph: Graph,
  values: (name: string) => ArrayLike<number>,
): Map<string, Tensor> {
  return new Map(
    graph.outputs.map(({ name, value }) => {
      const { shape } = graph.values[value];
      return [name, { dtype: 'F32', shape, data: Float32Array.from(values(name)) }] as const;
    }),
  );
}

export interface Deviation {
  readonly tensor: string;
  /** Largest absolute difference. */
  readonly error: number;
  readonly tolerance: number;
  /** error / tolerance: below 1 is good. */
  readonly used: number;
}

/** Compares the values that a fixture stores (it may hold only the first ones) with a result. */
export function deviation(
  tensor: string,
  actual: Tensor | undefined,
  expected: Tensor,
  tolerance: number,
): Deviation {
  if (!actual)
    return {
      tensor: `${tensor} (missing)`,
      error: Number.POSITIVE_INFINITY,
      tolerance,
      used: Number.POSITIVE_INFINITY,
    };
  const a = toFloat32(actual);
  const e = toFloat32(expected);
  let error = a.length < e.length ? Number.POSITIVE_INFINITY : 0;
  for (let i = 0; i < e.length; i++) {
    const d = Math.abs(a[i] - e[i]);
    error = Number.isNaN(d) ? Number.POSITIVE_INFINITY : Math.max(error, d);
  }
  return { tensor, error, tolerance, used: error === 0 ? 0 : error / tolerance };
}

export function largest(tensor: Tensor): number {
  return toFloat32(tensor).reduce((m, v) => Math.max(m, Math.abs(v)), 0);
}

export function worst(deviations: readonly Deviation[]): Deviation {
  return deviations.reduce((w, d) => (d.used > w.used ? d : w));
}
