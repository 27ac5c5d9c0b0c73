import type { Dispatch, Program, TensorInfo } from '../../src/program/program.ts';

/** A dispatch of a hand-made program: kernel, bindings as tensors' names, workgroups. */
export type Line = readonly [kernel: string, bindings: readonly string[], workgroups: number];

const MiB = 2 ** 20;

/**
 * A program of kernels and lists of dispatches as they stand, without a planner. Its tensors are inputs of i32, one after
 * the other in one buffer; each entry outputs all of them.
 */
export function handMade(
  kernels: Readonly<Record<string, string>>,
  tensors: Readonly<Record<string, number>>,
  entries: Readonly<Record<string, readonly Line[]>>,
): Program {
  let end = 0;
  const places = new Map<string, TensorInfo>();
  for (const [name, count] of Object.entries(tensors)) {
    places.set(name, { name, dtype: 'i32', shape: [count], buffer: 0, offset: end });
    end += Math.ceil((4 * count) / 256) * 256;
  }
  const names = Object.keys(kernels);
  const dispatch = ([kernel, bindings, workgroups]: Line): Dispatch => ({
    kernel: names.indexOf(kernel),
    bindings: bindings.map((name) => {
      const { offset, shape } = places.get(name)!;
      return [0, offset, 4 * shape[0]];
    }),
    uniforms: [0, 0],
    workgroups: [workgroups, 1, 1],
    label: kernel,
  });
  return {
    format: 4,
    model: 'hand-made',
    batch: 1,
    target: 'cpu',
    buffers: [{ size: end, kind: 'values' }],
    bytes: end,
    kernels: names.map((name) => ({
      name,
      bindings: ['read_write'],
      hasUniforms: false,
      wgsl: kernels[name],
    })),
    uniforms: [],
    tensors: [...places.values()].map((t) => ({ ...t, kind: 'input' as const })),
    entries: Object.fromEntries(
      Object.entries(entries).map(([name, lines]) => [
        name,
        { dispatches: lines.map(dispatch), outputs: [...places.values()], peak: end },
      ]),
    ),
    requires: {
      maxStorageBuffersPerShaderStage: 8,
      maxStorageBufferBindingSize: 128 * MiB,
      maxBufferSize: 256 * MiB,
      maxComputeInvocationsPerWorkgroup: 256,
      maxComputeWorkgroupStorageSize: 16384,
      minStorageBufferOffsetAlignment: 16,
      features: [],
    },
  };
}
