import { TRAINING_STEP, trainingEntries } from '../../src/autodiff/entries.ts';
import { trainSection } from '../../src/compiler/model.ts';
import { openModel } from '../../src/files/open.ts';
import { shippedNames } from '../../src/files/spec-files.ts';
import type { Graph } from '../../src/ir/graph.ts';
import type { Target, TargetKind } from '../../src/ir/target.ts';
import { kernels } from '../../src/kernels/index.ts';
import { cpuTarget, namedTarget, portableTarget } from '../../src/kernels/targets.ts';
import { type Needs, variantNames } from '../../src/kernels/variant.ts';
import { ops } from '../../src/ops/index.ts';
import { runPasses } from '../../src/passes/index.ts';
import { candidatesOf, chooseKernels } from '../../src/plan/candidates.ts';
import { table } from './table.ts';

const targets: readonly Target[] = [portableTarget, namedTarget('webgpu-gpu'), cpuTarget];

/** What a network does, in the order of the counts in the document. */
const parts = ['forward', 'step'] as const;
type Part = (typeof parts)[number];

/** What the networks at their default sizes make of the kernels. */
interface Uses {
  readonly networks: readonly string[];
  /** Nodes that a variant computes. */
  count(network: string, target: Target, op: string, variant: string, part: Part): number;
  /** The most that a variant needs of a device for any node, by limit or feature. */
  needs(op: string, variant: string): ReadonlyMap<string, number>;
}

function usesOf(networks: readonly string[]): Uses {
  const counts = new Map<string, number>();
  const needs = new Map<string, Map<string, number>>();
  const key = (...names: string[]) => names.join(' ');
  for (const network of networks) {
    for (const [part, graphs] of Object.entries(graphsOf(network))) {
      for (const [target, whole] of targets.flatMap((t) => graphs.map((graph) => [t, graph] as const))) {
        const graph = runPasses(whole, { ops, target });
        const choose = chooseKernels(graph, ops, target);
        for (const node of graph.nodes) {
          if (!kernels.has(node.op)) continue;
          const at = key(network, target.name, node.op, choose(node).name, part);
          counts.set(at, (counts.get(at) ?? 0) + 1);
          for (const { candidate } of candidatesOf(graph, ops, target, node)) {
            const all = needs.get(key(node.op, candidate.name)) ?? new Map<string, number>();
            needs.set(key(node.op, candidate.name), all);
            for (const [name, n] of neededOf(candidate.needs)) all.set(name, Math.max(n, all.get(name) ?? 0));
          }
        }
      }
    }
  }
  return {
    networks,
    count: (network, { name }, ...rest) => counts.get(key(network, name, ...rest)) ?? 0,
    needs: (op, variant) => needs.get(key(op, variant)) ?? new Map(),
  };
}

/** The graphs of a network that comes with archc: its forward pass, and the entries of a training step. */
function graphsOf(network: string): Record<Part, readonly Graph[]> {
  const training = openModel(network, { training: true });
  const section = trainSection(training);
  const { entries } = trainingEntries(training, section, section.optimizer, ops);
  return { forward: [openModel(network).graph], step: TRAINING_STEP.map((name) => entries[name]) };
}

/** Limits, features, and the kind of device as `kind cpu`. */
function neededOf({ limits = {}, features = [], kind }: Needs): [name: string, n: number][] {
  const named = [...features, ...(kind ? [`${KIND}${kind}`] : [])];
  return [...Object.entries(limits), ...named.map((name) => [name, 0] as [string, number])];
}

const KIND = 'kind ';

/** The kind of device that a variant needs, if it does. */
const kindOf = (needs: ReadonlyMap<string, number>): TargetKind | undefined =>
  [...needs.keys()].find((name) => name.startsWith(KIND))?.slice(KIND.length) as TargetKind | undefined;

/** docs/kernels.md: how each op can be computed, and what is chosen for the networks that come with archc. */
export function kernelsDocument(): string {
  const networks = shippedNames();
  const uses = usesOf(networks);
  const names = [...kernels.keys()].sort();
  const several = names.filter((op) => variantNames(kernels.get(op)!).length > 1);
  const one = names.filter((op) => !several.includes(op));
  const [defaultTarget, gpuTarget, cpu] = targets.map(({ name }) => `\`${name}\``);
  return `${[
    '# Kernels',
    `Written by \`npm run docs\` from \`src/kernels\`: how each op is computed that is neither element-wise nor a view, and how often in the networks that come with archc, at their default sizes and batch 1. Counts are nodes of the forward pass + nodes of a training step, after all passes, for the targets ${defaultTarget}, which \`archc compile\` takes where none is named, ${gpuTarget}, and ${cpu}, whose kernels run as WebAssembly. \`archc emit plan NETWORK --train --why\` has every node with the costs of its candidates.`,
    '## Several variants',
    ...several.flatMap((op) => severalSection(op, uses)),
    '## One variant',
    oneTable(one, uses),
  ].join('\n\n')}\n`;
}

function severalSection(op: string, uses: Uses): string[] {
  const variants = Object.entries(kernels.get(op)!.variants);
  const list = variants.map(([name, doc]) => `- \`${name}\`: ${doc} ${needsText(uses.needs(op, name))}`);
  const columns = targets.flatMap((target) =>
    variants
      .filter(([variant]) => [undefined, target.kind].includes(kindOf(uses.needs(op, variant))))
      .map(([variant]) => ({ target, variant })),
  );
  const rows = uses.networks.map((network) => [
    network,
    ...columns.map(({ target, variant }) => cell(uses, network, target, op, variant)),
  ]);
  return [
    `### ${op}`,
    list.join('\n'),
    table(
      ['network', ...columns.map(({ target, variant }) => `\`${target.name}\`: \`${variant}\``)],
      rows.filter(([, ...cells]) => cells.some((text) => text !== '')),
    ),
  ];
}

function oneTable(names: readonly string[], uses: Uses): string {
  const rows = names.map((op) => {
    const [[variant, doc]] = Object.entries(kernels.get(op)!.variants);
    return [
      `\`${op}\``,
      doc,
      ...uses.networks.map((network) => cell(uses, network, targets[0], op, variant)),
    ];
  });
  return table(['op', 'how', ...uses.networks], rows);
}

/** `forward + step`, empty where both are 0. */
function cell(uses: Uses, network: string, target: Target, op: string, variant: string): string {
  const counts = parts.map((part) => uses.count(network, target, op, variant, part));
  return counts.every((n) => n === 0) ? '' : counts.join(' + ');
}

/** What a limit allows, as a phrase. */
const phrases: Readonly<Record<string, (n: number) => string>> = {
  maxComputeInvocationsPerWorkgroup: (n) => `${n} threads a workgroup`,
  maxComputeWorkgroupStorageSize: (n) => `${n} bytes of workgroup memory`,
};

/** `Needs up to 256 threads a workgroup.`; nothing where every device will do. */
function needsText(needs: ReadonlyMap<string, number>): string {
  // As many threads along one axis say no more.
  const told = [...needs].filter(([name]) => name !== 'maxComputeWorkgroupSizeX').sort();
  const kind = kindOf(needs);
  if (kind) return `Only for targets of kind \`${kind}\`.`;
  if (told.length === 0) return 'Needs nothing.';
  const texts = told.map(([name, n]) => phrases[name]?.(n) ?? (n > 0 ? `${name} ${n}` : `\`${name}\``));
  return `Needs up to ${texts.join(', ')}.`;
}
