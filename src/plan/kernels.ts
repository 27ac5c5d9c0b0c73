import type { Accessor, KernelText } from '../../codegen/render.ts';
import type { DType, Graph, ValueId } from '../ir/graph.ts';
import type { KernelCall, UniformType } from '../ir/kernel.ts';
import { Bindings } from './bindings.ts';
import { type Location, locationOf } from './location.ts';
import type { EntryMemory } from './memory.ts';
import type { Unit } from './unit.ts';
import type { Views } from './views.ts';

/** One dispatch before its text is rendered. */
export interface DraftKernel {
  readonly text: KernelText;
  readonly locations: readonly Location[];
  readonly uniforms: readonly (readonly [string, UniformType, number])[];
  /** See {@link KernelCall.table}. */
  readonly table: readonly number[];
}

/** Works out bindings, uniforms and the functions by which one call of a unit reads and writes. */
export function draftKernel(
  graph: Graph,
  unit: Unit,
  call: KernelCall,
  memory: EntryMemory,
  views: Views,
): DraftKernel {
  const bindings = new Bindings();
  const uniforms = [...call.uniforms];
  const { table = [] } = call;
  const functions = new Set<string>();
  const locate = (v: ValueId): Location => {
    const location = locationOf(v, graph, views, memory.locations);
    if (!location) throw new Error(`value ${v} has no memory (${unit.label})`);
    return location;
  };
  const fused = call === unit.calls.at(-1) && call.fusable !== undefined ? call.fusable : undefined;
  for (const { name, value, vector } of call.reads) {
    bindings.read(name, value.dtype, locate(value.id), vector);
  }
  const stores: Accessor[] = [];
  for (const { name, value } of call.writes) {
    if (name === fused) continue;
    const { variable } = bindings.write(name, value.dtype, locate(value.id));
    stores.push(store(name, value.dtype, [`${variable}[i] = v0;`]));
  }
  if (fused) {
    const lines = fusedLines(unit, fused, { graph, memory, views, locate, bindings, uniforms, functions });
    stores.push(store(fused, 'f32', lines));
  }
  for (const name of String(call.options['functions'] ?? '').split(' ')) if (name) functions.add(name);
  return {
    text: {
      title: call.template,
      template: call.template,
      options: call.options,
      uniforms: declared(uniforms, table),
      bindings: bindings.declarations(),
      accessors: [...bindings.accessors(), ...stores],
      functions: [...functions],
    },
    locations: bindings.locations,
    uniforms,
    table,
  };
}

function declared(uniforms: DraftKernel['uniforms'], table: readonly number[]) {
  const rows = table.length / 4;
  return [
    ...uniforms.map(([name, type]) => ({ name, type })),
    ...(rows > 0 ? [{ name: 'table', type: `array<vec4<u32>, ${rows}>` }] : []),
  ];
}

function store(name: string, dtype: DType, lines: readonly string[]): Accessor {
  return { name: `store_${name}`, parameters: `i: u32, v0: ${dtype}`, lines };
}

interface FuseContext {
  readonly graph: Graph;
  readonly memory: EntryMemory;
  readonly views: Views;
  locate(v: ValueId): Location;
  readonly bindings: Bindings;
  readonly uniforms: (readonly [string, UniformType, number])[];
  readonly functions: Set<string>;
}

/** The body of the store function: what the kernel computed, then the chain, each stored where it is needed. */
function fusedLines(unit: Unit, fused: string, c: FuseContext): string[] {
  const lines: string[] = [];
  const variable = new Map<ValueId, string>();
  const loads = new Map<string, string>();
  const keep = (name: string, v: ValueId, computed: string) => {
    if (!c.memory.stored.has(c.views.root(v))) return;
    const bound = c.bindings.write(name, 'f32', c.locate(v));
    lines.push(`${bound.variable}[i] = ${computed};`);
  };
  if (unit.head !== undefined) {
    variable.set(unit.head, 'v0');
    keep(fused, unit.head, 'v0');
  }
  unit.chain.forEach((step, n) => {
    const args = step.args.map((arg) => {
      if (arg.kind === 'computed') return variable.get(arg.value)!;
      const key = `${c.views.same(arg.value)} ${JSON.stringify(arg.terms)}`;
      const known = loads.get(key);
      if (known) return known;
      const name = `in${loads.size}`;
      const { dtype } = c.graph.values[arg.value];
      c.bindings.read(name, dtype, c.locate(arg.value));
      const index = arg.terms
        ? arg.terms.map((t, k) => {
            for (const field of ['divisor', 'modulus', 'stride'] as const) {
              c.uniforms.push([`${name}_${field}${k}`, 'u32', t[field]]);
            }
            return `((i / p.${name}_divisor${k}) % p.${name}_modulus${k}) * p.${name}_stride${k}`;
          })
        : ['i'];
      const element = `load_${name}(${index.join(' + ') || '0u'})`;
      lines.push(`let ${name}_i = ${dtype === 'f32' ? element : `f32(${element})`};`);
      loads.set(key, `${name}_i`);
      return `${name}_i`;
    });
    lines.push(`let v${n + 1} = ${step.expression(args)};`);
    variable.set(step.value, `v${n + 1}`);
    for (const name of step.helpers) c.functions.add(name);
    keep(`out${n + 1}`, step.value, `v${n + 1}`);
  });
  return lines;
}
