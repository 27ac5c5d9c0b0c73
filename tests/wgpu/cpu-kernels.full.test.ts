import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { trainingEntries } from '../../src/autodiff/entries.ts';
import { trainSection } from '../../src/compiler/model.ts';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import { openModel } from '../../src/files/open.ts';
import type { Graph } from '../../src/ir/graph.ts';
import { cpuTarget } from '../../src/kernels/targets.ts';
import { ops } from '../../src/ops/index.ts';
import type { ForcedKernels } from '../../src/plan/candidates.ts';
import { planProgram } from '../../src/plan/plan.ts';
import { rounds } from '../kernels/forced.ts';
import { oddSizes } from '../kernels/odd-sizes.ts';
import { rowSizes } from '../kernels/row-sizes.ts';
import { caseNames, opCase } from '../ops/cases.ts';
import { readFixture, setTexts } from '../parity/fixture.ts';
import { runOnWgpu } from './wgpu.ts';

// The kernels for the CPU are WGSL as good as the others: another implementation than archc's own reads them, too.

const renderer = kernelRenderer();
/** Names of cases by text. */
const texts = new Map<string, string>();
/** Templates. */
const seen = new Set<string>();

function add(name: string, graph: Graph, choices: readonly ForcedKernels[]): void {
  for (const kernels of choices) {
    const options = { model: name, batch: 1, target: cpuTarget, kernels };
    for (const kernel of planProgram({ forward: graph }, ops, renderer, options).kernels) {
      texts.set(kernel.wgsl, name);
      seen.add(kernel.name.replace(/^\d+-/, ''));
    }
  }
}

/** The kernels of a training step. */
function addTraining(spec: string, set: Record<string, string> = {}): void {
  const model = openModel(spec, { set, training: true });
  const section = trainSection(model);
  const { entries } = trainingEntries(model, section, section.optimizer, ops);
  for (const [entry, graph] of Object.entries(entries)) add(`${model.name}, ${entry}`, graph, [new Map()]);
}

const cases: readonly (readonly [string, Graph])[] = [
  ...caseNames.map((name) => [name, opCase(name).graph] as const),
  ...Object.entries({ ...oddSizes, ...rowSizes }).map(([name, make]) => [name, make().graph] as const),
];
for (const [name, graph] of cases) add(name, graph, [new Map(), ...rounds(graph, cpuTarget)]);
// What no case has: optimizers, buffers, drop-path.
addTraining('examples/nuclei/nuclei.arch');
addTraining('tests/fixtures/cli/normed.arch');
for (const name of ['nnunet', 'nnformer']) {
  const { info } = readFixture('tests/fixtures/networks', name);
  addTraining(info.net, setTexts(info.config));
}

test('every template that is rendered for the CPU is among the cases', () => {
  const all = readdirSync('codegen/kernels').map((name) => name.replace('.wgsl.hbs', ''));
  // As WebAssembly `sum_parts_lanes` takes its place.
  expect(all.filter((name) => !seen.has(name))).toEqual(['sum_parts']);
});

test('naga takes every text, and no other', async () => {
  const wrong = 'a text that is wrong';
  const [wgsl] = texts.keys();
  const results = await runOnWgpu(
    new Map([
      ...[...texts].map(([wgsl, name], i) => [`${i} ${name}`, { wgsl }] as const),
      [wrong, { wgsl: wgsl.replace(/u32/, 'bool') }],
    ]),
  );
  expect(results.get(wrong)).toHaveProperty('error');
  results.delete(wrong);
  const refused = [...results].flatMap(([name, result]) =>
    'error' in result ? [`${name}: ${result.error}`] : [],
  );
  expect(refused).toEqual([]);
}, 600_000);
