import { hasBarrier, inlineBarriers } from '../wgsl/barriers.ts';
import type { ModuleTree, Variable } from '../wgsl/tree.ts';
import { evaluate } from './evaluate.ts';
import { Invocation, type Shared } from './invocation.ts';
import { type Value, zeroOf } from './values.ts';

/** What a dispatch did. */
export interface Interpreted {
  /** Accesses beyond the end of a buffer, an array or a vector, which were clamped. */
  readonly clamped: number;
}

/**
 * Runs a dispatch of a kernel, one invocation after the other, by WGSL's rules where they leave nothing open. Results
 * are the truth that compiled kernels are tested against: sums, products, quotients and square roots of f32 are
 * rounded one by one, `fma` twice; exp and its like are those of float64, rounded.
 *
 * @param buffers for each binding its memory, of uniforms and storage, which stores change
 * @param workgroups how many along each axis
 */
export function interpretKernel(
  module: ModuleTree,
  buffers: ReadonlyMap<number, DataView>,
  workgroups: readonly [number, number, number],
): Interpreted {
  const memory = new Map<Variable, DataView>();
  for (const v of module.bindings) {
    const view = buffers.get(v.binding!);
    if (!view) throw new Error(`nothing is bound to ${v.name}`);
    memory.set(v, view);
  }
  const body = inlineBarriers(module.entry.body);
  const cooperative = hasBarrier(body);
  const shared: Shared = { buffers: memory, workgroup: new Map(), clamped: 0 };
  const [sx, sy, sz] = module.workgroupSize;
  for (let flat = 0; flat < workgroups[0] * workgroups[1] * workgroups[2]; flat++) {
    const group = unflatten(flat, workgroups);
    for (const v of module.workgroup) shared.workgroup.set(v, zeroOf(v.type));
    const invocations = Array.from({ length: sx * sy * sz }, (_, lane) => {
      const local = unflatten(lane, module.workgroupSize);
      const values: Record<string, Value> = {
        workgroup_id: group,
        num_workgroups: workgroups,
        local_invocation_index: lane,
        local_invocation_id: local,
        global_invocation_id: local.map((l, k) => group[k] * module.workgroupSize[k] + l),
      };
      const builtins = module.entry.parameters.map((p) => [p, values[p.builtin!]] as const);
      const invocation = new Invocation(shared, new Map(builtins));
      for (const { variable, value } of module.private) {
        invocation.declare(variable, value ? evaluate(value, invocation) : zeroOf(variable.type));
      }
      return invocation;
    });
    if (!cooperative) {
      for (const invocation of invocations) invocation.run(body);
      continue;
    }
    // All go on to the next barrier, one after the other.
    let running = invocations.map((invocation) => invocation.runToBarriers(body));
    while (running.length > 0) running = running.filter((r) => !r.next().done);
  }
  return { clamped: shared.clamped };
}

function unflatten(flat: number, [x, y]: readonly [number, number, number]): [number, number, number] {
  return [flat % x, Math.floor(flat / x) % y, Math.floor(flat / (x * y))];
}
