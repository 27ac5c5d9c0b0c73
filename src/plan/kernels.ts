import type { Accessor, KernelText } from '../../codegen/render.ts';
import type { DType, Graph, Value, ValueId } from '../ir/graph.ts';
import type { KernelCall, UniformType } from '../ir/kernel.ts';
import { type MemoryType, memoryType } from '../ir/storage.ts';
import type { Target } from '../ir/target.ts';
import { Bindings } from './bindings.ts';
import { type Location, locationOf } from './location.ts';
import type { EntryMemory } from './memory.ts';
import type { Access } from './replay.ts';
import { type Branch, type BroadcastTerm, type Chain, type ChainArg, hostOf, type Unit } from './unit.ts';
import type { Views } from './views.ts';

/** One dispatch before its text is rendered. */
export interface DraftKernel {
  readonly text: KernelText;
  readonly locations: readonly Location[];
  readonly uniforms: readonly (readonly [string, UniformType, number])[];
  /** See {@link KernelCall.table}. */
  readonly table: readonly number[];
  /** The values behind `locations`. */
  readonly accesses: readonly Access[];
}

/** Works out bindings, uniforms and the functions by which one call of a unit reads and writes. */
export function draftKernel(
  graph: Graph,
  unit: Unit,
  call: KernelCall,
  memory: EntryMemory,
  views: Views,
  target: Target,
): DraftKernel {
  return new Draft(graph, memory, views, target).kernel(unit, call);
}

class Draft {
  private readonly graph: Graph;
  private readonly memory: EntryMemory;
  private readonly views: Views;
  private readonly target: Target;
  private readonly bindings = new Bindings();
  private readonly computed: Accessor[] = [];
  private readonly stores: Accessor[] = [];
  private readonly uniforms: (readonly [string, UniformType, number])[] = [];
  private readonly functions = new Set<string>();
  private readonly accesses: Access[] = [];

  constructor(graph: Graph, memory: EntryMemory, views: Views, target: Target) {
    this.graph = graph;
    this.memory = memory;
    this.views = views;
    this.target = target;
  }

  kernel(unit: Unit, call: KernelCall): DraftKernel {
    this.uniforms.push(...call.uniforms);
    const { table = [] } = call;
    const fused = call === hostOf(unit) ? call.fusable : undefined;
    for (const { name, value, vector } of call.reads) this.read(unit, name, value, vector);
    for (const { name, value, readWrite, only } of call.writes) {
      if (name === fused) continue;
      const kind = readWrite ? 'change' : 'write';
      this.store(name, value.dtype, [this.write(name, value, 'v0', kind, only)]);
    }
    if (fused) this.storeChain(unit, unit, fused);
    for (const name of String(call.options['functions'] ?? '').split(' ')) if (name) this.functions.add(name);
    this.uniforms.push(...this.bindings.uniforms);
    return {
      text: {
        title: call.template,
        template: call.template,
        options: call.options,
        uniforms: declared(this.uniforms, table),
        bindings: this.bindings.declarations(),
        accessors: [...this.bindings.accessors(), ...this.computed, ...this.stores],
        functions: [...this.functions],
        enables: this.bindings.usesHalf ? ['f16'] : [],
      },
      locations: this.bindings.locations,
      uniforms: this.uniforms,
      table,
      accesses: this.accesses,
    };
  }

  /** Notes that the kernel takes a value from memory, or leaves it there. */
  private access(kind: Access['kind'], value: Value, only?: readonly Value[]): Location {
    const location = locationOf(value.id, this.graph, this.views, this.memory.locations);
    if (!location) throw new Error(`value ${value.id} has no memory`);
    const { buffer, offset } = location;
    this.accesses.push({
      kind,
      value: this.graph.values[value.id] ?? value,
      buffer,
      offset,
      ...(only && { only }),
    });
    return location;
  }

  /** How memory keeps a value of the graph, or the kernels' own. */
  private typeOf(value: Value): MemoryType {
    return memoryType(this.graph.values[value.id] ?? value);
  }

  /** Binds what a kernel writes; gives the statement that stores element `i`. */
  private write(
    name: string,
    value: Value,
    result: string,
    kind: 'write' | 'change' = 'write',
    only?: readonly Value[],
  ): string {
    const type = this.typeOf(value);
    const element = this.bindings.write(name, type, this.access(kind, value, only));
    if (type !== 'f16') return `${element} = ${result};`;
    if (!this.functions.has('half')) {
      this.functions.add('half');
      const flag = this.bindings.flag('overflow', this.memory.overflow!);
      this.stores.push({ name: 'note_overflow', parameters: '', lines: [`atomicStore(&${flag}[0], 1u);`] });
    }
    return `${element} = half(${result});`;
  }

  private store(name: string, dtype: DType, lines: readonly string[]): void {
    this.stores.push({ name: `store_${name}`, parameters: `i: u32, v0: ${dtype}`, lines });
  }

  /** Makes `load_<name>`, which gives elements of a value that a unit reads. */
  private read(unit: Unit, name: string, value: Value, vector = false): void {
    const prologue = unit.prologues.get(value.id);
    if (prologue) this.compute(prologue, name, vector);
    else this.bindings.read(name, this.typeOf(value), this.access('read', value), vector);
  }

  /** `load_<name>` as what computes an element of a unit's one result. */
  private compute(unit: Unit, name: string, vector: boolean): void {
    const [call] = unit.calls;
    const lines: string[] = [];
    if (unit.head !== undefined) {
      const inner = `${name}_element`;
      this.computed.push(load(inner, this.elementLines(unit, call, inner)));
      lines.push(`let v0 = load_${inner}(i);`);
    }
    const results = this.chainLines(unit, unit, `${name}_`, lines);
    lines.push(`return ${results.at(-1) ?? 'v0'};`);
    this.computed.push(load(name, lines));
    if (!vector) return;
    const four = [0, 1, 2, 3].map((k) => `load_${name}(i + ${k}u)`).join(', ');
    const lines4 = [`return vec4<f32>(${four});`];
    this.computed.push({ ...load(name, lines4), name: `load4_${name}`, result: 'vec4<f32>' });
  }

  /** One element of what a call computes, by its own loads. */
  private elementLines(unit: Unit, call: KernelCall, prefix: string): readonly string[] {
    for (const { name, value } of call.reads) this.read(unit, `${prefix}_${name}`, value);
    const used = new Set<string>();
    const lines = call.element!.lines({
      load: (name, index) => `load_${prefix}_${name}(${index})`,
      uniform: (name) => {
        used.add(name);
        return `p.${prefix}_${name}`;
      },
    });
    for (const [name, type, value] of call.uniforms) {
      if (used.has(name)) this.uniforms.push([`${prefix}_${name}`, type, value]);
    }
    return lines;
  }

  /** `store_<name>` as a chain: what it starts from and what follows, each stored where it is needed. */
  private storeChain(unit: Unit, chain: Chain, name: string): void {
    const lines: string[] = [];
    const prefix = chain === unit ? '' : `${name}_`;
    const keep = (as: string, v: ValueId, result: string) => {
      if (!this.memory.stored.has(this.views.root(v))) return;
      lines.push(this.write(as, this.graph.values[v], result));
    };
    if (chain.head !== undefined) keep(name, chain.head, 'v0');
    const results = this.chainLines(unit, chain, prefix, lines, (n, v, result) =>
      keep(`${prefix}out${n}`, v, result),
    );
    chain.branches.forEach((branch, n) => {
      const inner = `${name}_${n}`;
      const k = chain.chain.findIndex((s) => s.value === branch.from);
      lines.push(...this.branchLines(branch, inner, k < 0 ? 'v0' : results[k]));
      this.storeChain(unit, branch, inner);
    });
    this.store(name, 'f32', lines);
  }

  /** Stores a value where a branch puts it. */
  private branchLines({ scatter }: Branch, name: string, value: string): string[] {
    for (const [uniform, type, n] of scatter.uniforms) this.uniforms.push([`${name}_${uniform}`, type, n]);
    const { lines, inside, at } = scatter.lines((uniform) => `p.${name}_${uniform}`);
    const stores = at.map((index) => `store_${name}(${index}, ${value});`);
    const guarded = inside ? [`if (${inside}) {`, ...stores.map((s) => `  ${s}`), '}'] : stores;
    return ['{', ...[...lines, ...guarded].map((line) => `  ${line}`), '}'];
  }

  /** Appends what computes a chain, with `v0` as what it starts from; gives the variables of its steps. */
  private chainLines(
    unit: Unit,
    chain: Chain,
    prefix: string,
    lines: string[],
    keep?: (n: number, v: ValueId, result: string) => void,
  ): string[] {
    const variable = new Map<ValueId, string>();
    if (chain.head !== undefined) variable.set(chain.head, 'v0');
    const loads = new Map<string, string>();
    return chain.chain.map((step, k) => {
      const args = step.args.map((arg) => {
        if (arg.kind === 'computed') return variable.get(arg.value)!;
        const key = `${this.views.same(arg.value)} ${JSON.stringify(arg.terms)}`;
        const known = loads.get(key);
        if (known) return known;
        const name = `in${loads.size}`;
        const value = this.graph.values[arg.value];
        this.read(unit, `${prefix}${name}`, value);
        const element = `load_${prefix}${name}(${this.index(arg, `${prefix}${name}`)})`;
        lines.push(`let ${name}_i = ${value.dtype === 'f32' ? element : `f32(${element})`};`);
        loads.set(key, `${name}_i`);
        return `${name}_i`;
      });
      const constants = step.constants.map((value, n) => {
        const name = `${prefix}constant${k + 1}_${n}`;
        this.uniforms.push([name, 'f32', value]);
        return `p.${name}`;
      });
      const result = `v${k + 1}`;
      lines.push(`let ${result} = ${step.expression([...args, ...constants])};`);
      variable.set(step.value, result);
      for (const name of step.helpers) this.functions.add(name);
      keep?.(k + 1, step.value, result);
      return result;
    });
  }

  /** Where an operand of a chain lies for element `i` of the result. */
  private index({ terms }: ChainArg & { kind: 'loaded' }, name: string): string {
    if (!terms) return 'i';
    // Where neighbours lie side by side, kernels as WebAssembly see it: what would be divided and multiplied by 1 is not.
    const plain = this.target.kind === 'cpu';
    const parts = terms.map((t, k) => {
      const by = (sign: string, field: keyof BroadcastTerm) => {
        if (plain && t[field] === 1 && field !== 'modulus') return '';
        this.uniforms.push([`${name}_${field}${k}`, 'u32', t[field]]);
        return ` ${sign} p.${name}_${field}${k}`;
      };
      return `((i${by('/', 'divisor')})${by('%', 'modulus')})${by('*', 'stride')}`;
    });
    return parts.join(' + ') || '0u';
  }
}

function declared(uniforms: DraftKernel['uniforms'], table: readonly number[]) {
  const rows = table.length / 4;
  return [
    ...uniforms.map(([name, type]) => ({ name, type })),
    ...(rows > 0 ? [{ name: 'table', type: `array<vec4<u32>, ${rows}>` }] : []),
  ];
}

function load(name: string, lines: readonly string[]): Accessor {
  return { name: `load_${name}`, parameters: 'i: u32', result: 'f32', lines };
}
