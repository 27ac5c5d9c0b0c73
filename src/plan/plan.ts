import type { Renderer } from '../../codegen/render.ts';
import type { Bundle, Dispatch, KernelInfo, TensorInfo } from '../bundle/manifest.ts';
import type { Graph } from '../ir/graph.ts';
import type { DeviceLimits, UniformType } from '../ir/kernel.ts';
import type { OpTable } from '../ir/op.ts';
import type { Target } from '../ir/target.ts';
import { runPasses } from '../passes/index.ts';
import type { ForcedKernels } from './candidates.ts';
import { planUnits } from './fuse.ts';
import { draftKernel } from './kernels.ts';
import { align, planMemory } from './memory.ts';
import { PlanError } from './plan-error.ts';
import { findViews } from './views.ts';

export interface PlanOptions {
  readonly model: string;
  readonly batch: number;
  readonly target: Target;
  /** Variants that are taken whatever they cost, by op. */
  readonly kernels?: ForcedKernels;
  /** Checks the graph after each pass. */
  readonly verify?: boolean;
}

const SMALLER = 'a smaller batch or image, or another adapter (archc doctor)';

/** Turns a graph into kernels, a memory plan and the list of dispatches. Throws {@link PlanError}. */
export function planGraph(whole: Graph, ops: OpTable, renderer: Renderer, options: PlanOptions): Bundle {
  const { target } = options;
  const { limits } = target;
  const graph = runPasses(whole, { ops, target }, options);
  const views = findViews(graph, ops);
  const units = planUnits(graph, ops, views, target, options.kernels);
  const memory = planMemory(graph, units, views, limits);

  const wgsl = new Map<string, string>();
  const kernels: KernelInfo[] = [];
  const kernelOf = new Map<string, number>();
  const uniforms: number[] = [];
  const uniformAt = new Map<string, number>();
  const dispatches: Dispatch[] = [];
  let mostBindings = 0;

  for (const unit of units) {
    for (const call of unit.calls) {
      const draft = draftKernel(graph, unit, call, memory, views);
      const text = renderer.render(draft.text);
      let kernel = kernelOf.get(text);
      if (kernel === undefined) {
        const name = `${String(kernels.length).padStart(3, '0')}-${call.template}`;
        kernel =
          kernels.push({
            name,
            bindings: draft.text.bindings.map((b) => b.access),
            hasUniforms: draft.uniforms.length > 0,
          }) - 1;
        kernelOf.set(text, kernel);
        wgsl.set(name, text);
      }
      mostBindings = Math.max(mostBindings, draft.locations.length);
      const words = packUniforms(draft.uniforms);
      const key = words.join(' ');
      let at = uniformAt.get(key);
      if (at === undefined) {
        // A uniform binding starts at a multiple of 256 bytes (WebGPU's default limit).
        at = align(uniforms.length, 64);
        while (uniforms.length < at) uniforms.push(0);
        uniforms.push(...words);
        uniformAt.set(key, at);
      }
      const chain = unit.chain.map((s) => s.op);
      const name = [...(call.template === 'elementwise' ? [] : [unit.label]), ...chain].join(' + ');
      dispatches.push({
        kernel,
        bindings: draft.locations.map((l) => [l.buffer, l.offset, align(l.size, 4)] as const),
        uniforms: [4 * at, align(4 * words.length, 16)],
        workgroups: foldWorkgroups(call.workgroups, limits, unit.label),
        label: unit.scope ? `${unit.scope}: ${name}` : name,
      });
    }
  }
  while (uniforms.length % 64 !== 0) uniforms.push(0);

  const largest = Math.max(0, ...memory.buffers.map((b) => b.size));
  const largestBinding = Math.max(0, ...dispatches.flatMap((d) => d.bindings.map((b) => b[2])));
  if (largestBinding > limits.maxStorageBufferBindingSize) {
    const at = dispatches.find((d) => d.bindings.some((b) => b[2] === largestBinding))!;
    throw new PlanError(
      'adapter-limits',
      `${at.label} needs a tensor of ${mebibytes(largestBinding)}, a binding holds at most ${mebibytes(limits.maxStorageBufferBindingSize)}`,
      SMALLER,
    );
  }
  if (largest > limits.maxBufferSize) {
    throw new PlanError(
      'adapter-limits',
      `a buffer of ${mebibytes(largest)} is needed, one holds at most ${mebibytes(limits.maxBufferSize)}`,
      SMALLER,
    );
  }
  if (mostBindings > limits.maxStorageBuffersPerShaderStage) {
    throw new PlanError(
      'adapter-limits',
      `a kernel binds ${mostBindings} buffers, one may bind at most ${limits.maxStorageBuffersPerShaderStage}`,
      'another adapter (archc doctor)',
    );
  }
  return {
    wgsl,
    manifest: {
      format: 1,
      model: options.model,
      batch: options.batch,
      target: target.name,
      buffers: memory.buffers,
      kernels,
      dispatches,
      uniforms,
      tensors: tensorTable(graph, (v) => memory.locations.get(views.root(v))!),
      requires: {
        maxStorageBuffersPerShaderStage: Math.max(mostBindings, 1),
        maxStorageBufferBindingSize: largestBinding,
        maxBufferSize: largest,
        maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
        maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
        minStorageBufferOffsetAlignment: 256,
      },
    },
  };
}

function tensorTable(
  graph: Graph,
  locate: (v: number & Graph['outputs'][0]['value']) => { buffer: number; offset: number },
) {
  const table: TensorInfo[] = [];
  for (const { kind, name, value } of [
    ...graph.sources,
    ...graph.outputs.map((o) => ({ ...o, kind: 'output' as const })),
  ]) {
    const { shape, dtype } = graph.values[value];
    const location = locate(value);
    if (!location) continue; // a source that nothing reads
    table.push({ name, kind, dtype, shape, buffer: location.buffer, offset: location.offset });
  }
  return table;
}

/** An x count beyond the limit goes into y; templates with a flat grid compute `group.y * groups.x + group.x`. */
function foldWorkgroups(
  [x, y, z]: readonly [number, number, number],
  limits: DeviceLimits,
  label: string,
): [number, number, number] {
  const most = limits.maxComputeWorkgroupsPerDimension;
  if (y > most || z > most || (x > most && y > 1) || x > most * most) {
    throw new PlanError(
      'adapter-limits',
      `${label} needs ${x}×${y}×${z} workgroups, at most ${most} a dimension are allowed`,
      SMALLER,
    );
  }
  return x <= most ? [x, y, z] : [most, Math.ceil(x / most), z];
}

/** What whole numbers of a type go from and to. */
const ranges = {
  i32: [-(2 ** 31), 2 ** 31 - 1],
  u32: [0, 2 ** 32 - 1],
} as const;

function packUniforms(uniforms: readonly (readonly [string, UniformType, number])[]): number[] {
  const view = new DataView(new ArrayBuffer(4));
  return uniforms.map(([name, type, value]) => {
    if (type === 'f32' ? !Number.isFinite(Math.fround(value)) : !Number.isInteger(value))
      throw new Error(`${name} = ${value} is not a ${type}`);
    if (type !== 'f32' && (value < ranges[type][0] || value > ranges[type][1]))
      throw new PlanError(
        'size-too-large',
        `${name} = ${value} does not fit 32 bits, as kernels count`,
        SMALLER,
      );
    if (type === 'f32') view.setFloat32(0, value, true);
    else if (type === 'i32') view.setInt32(0, value, true);
    else view.setUint32(0, value, true);
    return view.getUint32(0, true);
  });
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
