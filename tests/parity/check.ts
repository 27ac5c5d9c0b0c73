import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../src/cli/main.ts';
import { readSafetensors, writeSafetensors } from '../../src/tensors/safetensors.ts';
import type { Tensor } from '../../src/tensors/tensor.ts';
import { type Deviation, deviation, type Fixture, largest, setArguments, under, worst } from './fixture.ts';

export const backendNames = ['webgpu', 'cpu', 'reference'] as const;
export type BackendName = (typeof backendNames)[number];

export interface ParityReport {
  readonly outputs: Deviation;
  readonly gradients: Deviation;
  /** Where the fixture has a trajectory. */
  readonly trained: Deviation | undefined;
  readonly losses: Deviation | undefined;
}

/**
 * How far a result may be off, from the fixtures' own documentation: float32 is held to 1e-4 of the largest value
 * and to ten times what PyTorch's float32 loses; the float64 reference to 1e-6 of it.
 */
const float32 = { output: 1e-4, gradient: 1e-4, network: 1e-6, torch: 10, trained: 1e-3, loss: 1e-4 };
const tolerances = {
  webgpu: float32,
  cpu: float32,
  reference: { output: 1e-6, gradient: 1e-6, network: 1e-9, torch: 0, trained: 1e-3, loss: 1e-4 },
} as const;

/** Runs `archc run`, `grad` and `fit` on a fixture and compares all that it stores. */
export async function checkParity(
  fixture: Fixture,
  spec: string,
  backend: BackendName,
): Promise<ParityReport> {
  const { info, tensors } = fixture;
  const t = tolerances[backend];
  const folder = mkdtempSync(join(tmpdir(), 'archc-parity-'));
  const file = (name: string) => join(folder, `${name}.safetensors`);
  try {
    writeSafetensors(file('w'), under(tensors, 'w/'));
    writeSafetensors(file('i'), pick(tensors, ['x', 'target']));
    const command = async (name: string, ...more: string[]) => {
      const args = [name, spec, ...setArguments(info.config), '--backend', backend, '--weights', file('w')];
      const code = await main([...args, '--input', file('i'), '--output', file(name), '--json', ...more]);
      if (code !== 0) throw new Error(`archc ${name} ended with ${code}`);
      return readSafetensors(file(name)).tensors;
    };

    const outputs = outputDeviations(fixture, backend, await command('run'));
    const gradients = gradientDeviations(fixture, backend, await command('grad'));
    if (!info.train)
      return { outputs: worst(outputs), gradients: worst(gradients), trained: undefined, losses: undefined };

    const fit = await command('fit', '--steps', String(info.train.steps), ...recipe);
    const trained = [...under(tensors, 'trained/')].map(([name, expected]) =>
      deviation(`trained/${name}`, fit.get(`trained/${name}`), expected, t.trained * largest(expected)),
    );
    const expectedLosses: Tensor = {
      dtype: 'F64',
      shape: [info.train.steps],
      data: Float64Array.from(info.train.losses),
    };
    const losses = deviation(
      'loss',
      fit.get('loss'),
      expectedLosses,
      t.loss * Math.max(...info.train.losses.map(Math.abs)),
    );
    return { outputs: worst(outputs), gradients: worst(gradients), trained: worst(trained), losses };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Of the tensors `y0`, `y1`, … */
export function outputDeviations(
  { info, tensors }: Fixture,
  backend: BackendName,
  ran: ReadonlyMap<string, Tensor>,
): Deviation[] {
  const t = tolerances[backend];
  return info.outputs.map((_, i) => {
    const expected = tensors.get(`y${i}`)!;
    const relative = Math.max(t.output, t.torch * info.torch_float32_error_relative_to_max);
    return deviation(`y${i}`, ran.get(`y${i}`), expected, relative * largest(expected));
  });
}

/** Of the tensors `loss` and `g/<parameter>`. */
export function gradientDeviations(
  { info, tensors }: Fixture,
  backend: BackendName,
  grads: ReadonlyMap<string, Tensor>,
): Deviation[] {
  const t = tolerances[backend];
  const expectedGrads = under(tensors, 'g/');
  const networkLargest = Math.max(...[...expectedGrads.values()].map(largest));
  const gradients = [...expectedGrads].map(([name, expected]) => {
    const torch = t.torch * (info.torch_float32_gradient_error[name] ?? 0);
    const tolerance = t.gradient * largest(expected) + t.network * networkLargest + torch;
    return deviation(`g/${name}`, grads.get(`g/${name}`), expected, tolerance);
  });
  gradients.push(deviation('loss', grads.get('loss'), tensors.get('loss')!, t.loss * Math.abs(info.loss)));
  for (const name of info.parameters_without_gradient) {
    if (grads.has(`g/${name}`)) throw new Error(`the loss does not reach ${name}, yet there is a gradient`);
  }
  return gradients;
}

/** The optimizer that all fixtures' trajectories were made with. */
const recipe =
  '--optimizer adamw --lr 1e-3 --weight-decay 0.05 --betas 0.9,0.999 --eps 1e-5 --clip 12 --schedule cosine --min-lr 1e-6'.split(
    ' ',
  );

function pick(tensors: ReadonlyMap<string, Tensor>, names: readonly string[]): [string, Tensor][] {
  return names.map((n) => [n, tensors.get(n)!] as const).map(([n, x]) => [n, x]);
}
