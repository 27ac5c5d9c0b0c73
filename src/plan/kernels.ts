import type { KernelText } from '../../codegen/render.ts';
import type { DType, Graph, ValueId } from '../ir/graph.ts';
import type { KernelCall, UniformType } from '../ir/kernel.ts';
import type { Location, MemoryPlan } from './memory.ts';
import type { Unit } from './unit.ts';
import type { Views } from './views.ts';

/** One dispatch before its text is rendered. */
export interface DraftKernel {
  readonly text: KernelText;
  readonly locations: readonly Location[];
  readonly uniforms: readonly (readonly [string, UniformType, number])[];
}

interface DraftBinding {
  readonly name: string;
  readonly type: DType | `vec4<${DType}>`;
  readonly location: Location;
  access: 'read' | 'read_write';
}

/** Works out bindings, uniforms and the fused store functions of one call of a unit. */
export function draftKernel(
  graph: Graph,
  unit: Unit,
  call: KernelCall,
  memory: MemoryPlan,
  views: Views,
): DraftKernel {
  const bindings: DraftBinding[] = [];
  const uniforms = [...call.uniforms];
  const functions = new Set<string>();
  const locate = (v: ValueId): Location => {
    const location = memory.locations.get(views.root(v));
    if (!location) throw new Error(`value ${v} has no memory (${unit.label})`);
    return location;
  };
  const bind = (name: string, type: DraftBinding['type'], v: ValueId, access: 'read' | 'read_write') => {
    bindings.push({ name, type, location: locate(v), access });
  };
  const fused = call === unit.calls.at(-1) && call.fusable !== undefined ? call.fusable : undefined;
  for (const r of call.reads) {
    bind(r.name, r.vector ? `vec4<${r.value.dtype}>` : r.value.dtype, r.value.id, 'read');
  }
  for (const w of call.writes) {
    if (w.name === fused && !memory.stored.has(views.root(w.value.id))) continue;
    bind(w.name, w.value.dtype, w.value.id, 'read_write');
  }
  const stores: { name: string; lines: string[] }[] = call.writes
    .filter((w) => w.value.dtype === 'f32' && w.name !== fused)
    .map((w) => ({ name: w.name, lines: [`${w.name}[i] = v0;`] }));
  if (fused) {
    stores.push({
      name: fused,
      lines: fusedLines(unit, fused, { graph, memory, views, bind, uniforms, functions }),
    });
  }
  for (const name of String(call.options['functions'] ?? '').split(' ')) if (name) functions.add(name);
  shareAccess(bindings);
  return {
    text: {
      title: call.template,
      template: call.template,
      options: call.options,
      uniforms: uniforms.map(([name, type]) => ({ name, type })),
      bindings: bindings.map(({ name, type, access }) => ({ name, type, access })),
      stores,
      functions: [...functions],
    },
    locations: bindings.map((b) => b.location),
    uniforms,
  };
}

interface FuseContext {
  readonly graph: Graph;
  readonly memory: MemoryPlan;
  readonly views: Views;
  bind(name: string, type: DType, v: ValueId, access: 'read' | 'read_write'): void;
  readonly uniforms: (readonly [string, UniformType, number])[];
  readonly functions: Set<string>;
}

/** The body of the store function: what the kernel computed, then the chain, each stored where it is needed. */
function fusedLines(unit: Unit, fused: string, c: FuseContext): string[] {
  const lines: string[] = [];
  const variable = new Map<ValueId, string>();
  const loads = new Map<string, string>();
  if (unit.head !== undefined) {
    variable.set(unit.head, 'v0');
    if (c.memory.stored.has(c.views.root(unit.head))) lines.push(`${fused}[i] = v0;`);
  }
  unit.chain.forEach((step, n) => {
    const args = step.args.map((arg) => {
      if (arg.kind === 'computed') return variable.get(arg.value)!;
      const key = `${c.views.root(arg.value)} ${JSON.stringify(arg.terms)}`;
      const known = loads.get(key);
      if (known) return known;
      const name = `in${loads.size}`;
      c.bind(name, c.graph.values[arg.value].dtype, arg.value, 'read');
      const index = arg.terms
        ? arg.terms.map((t, k) => {
            for (const field of ['divisor', 'modulus', 'stride'] as const) {
              c.uniforms.push([`${name}_${field}${k}`, 'u32', t[field]]);
            }
            return `((i / p.${name}_divisor${k}) % p.${name}_modulus${k}) * p.${name}_stride${k}`;
          })
        : ['i'];
      const element = `${name}[${index.join(' + ') || '0u'}]`;
      lines.push(
        `let ${name}_i = ${c.graph.values[arg.value].dtype === 'f32' ? element : `f32(${element})`};`,
      );
      loads.set(key, `${name}_i`);
      return `${name}_i`;
    });
    lines.push(`let v${n + 1} = ${step.expression(args)};`);
    variable.set(step.value, `v${n + 1}`);
    for (const name of step.helpers) c.functions.add(name);
    if (c.memory.stored.has(c.views.root(step.value))) {
      c.bind(`out${n + 1}`, 'f32', step.value, 'read_write');
      lines.push(`out${n + 1}[i] = v${n + 1};`);
    }
  });
  return lines;
}

/** A buffer that one dispatch both reads and writes must be bound `read_write` throughout. */
function shareAccess(bindings: DraftBinding[]): void {
  const written = new Set(bindings.filter((b) => b.access === 'read_write').map((b) => b.location.buffer));
  for (const b of bindings) if (written.has(b.location.buffer)) b.access = 'read_write';
}
