import { hasBarrier } from '../wgsl/barriers.ts';
import type { Block, FunctionTree, Statement, Variable } from '../wgsl/tree.ts';
import { elementOf } from '../wgsl/types.ts';
import { evaluate, offsetAt, operate, pathOf } from './evaluate.ts';
import { type Value, writeValue, zeroOf } from './values.ts';

/** How a block ended. */
type End = 'break' | 'continue' | { readonly result: Value | undefined } | undefined;

/** What invocations share. */
export interface Shared {
  readonly buffers: ReadonlyMap<Variable, DataView>;
  /** Of a workgroup. */
  readonly workgroup: Map<Variable, Value>;
  /** Accesses beyond an end, which were clamped. */
  clamped: number;
}

/** Runs statements for one invocation. */
export class Invocation {
  private readonly shared: Shared;
  private readonly values = new Map<Variable, Value>();

  constructor(shared: Shared, builtins: ReadonlyMap<Variable, Value>) {
    this.shared = shared;
    for (const [variable, value] of builtins) this.values.set(variable, value);
  }

  memoryOf(variable: Variable): DataView | undefined {
    return this.shared.buffers.get(variable);
  }

  get(variable: Variable): Value {
    const value = this.shared.workgroup.get(variable) ?? this.values.get(variable);
    if (value === undefined) throw new Error(`${variable.name} has no value`);
    return value;
  }

  declare(variable: Variable, value: Value): void {
    this.values.set(variable, value);
  }

  clamp(index: number, length: number): number {
    const inside = index >= 0 && index < length;
    if (!inside) this.shared.clamped++;
    return inside ? index : length - 1;
  }

  call(callee: FunctionTree, args: readonly Value[]): Value {
    callee.parameters.forEach((p, k) => {
      this.values.set(p, args[k]);
    });
    const end = this.run(callee.body);
    return typeof end === 'object' && end.result !== undefined ? end.result : [];
  }

  /** A block without barriers. */
  run(block: Block): End {
    for (const s of block) {
      const end = this.step(s);
      if (end) return end;
    }
    return undefined;
  }

  /** A block that stops at each barrier. */
  *runToBarriers(block: Block): Generator<void, End> {
    for (const s of block) {
      const end = hasBarrier([s]) ? yield* this.stepToBarriers(s) : this.step(s);
      if (end) return end;
    }
    return undefined;
  }

  private *stepToBarriers(s: Statement): Generator<void, End> {
    switch (s.kind) {
      case 'barrier':
        yield;
        return undefined;
      case 'if':
        return yield* this.runToBarriers(this.isTrue(s.condition) ? s.body : s.otherwise);
      case 'block':
        return yield* this.runToBarriers(s.body);
      case 'loop': {
        const start = yield* this.runToBarriers(s.initial);
        if (start) return start;
        while (!s.condition || this.isTrue(s.condition)) {
          const end = yield* this.runToBarriers(s.body);
          if (end === 'break') break;
          if (typeof end === 'object') return end;
          yield* this.runToBarriers(s.update);
          if (s.breakIf && this.isTrue(s.breakIf)) break;
        }
        return undefined;
      }
      case 'switch': {
        const end = yield* this.runToBarriers(this.caseOf(s));
        return end === 'break' ? undefined : end;
      }
      default:
        throw new Error(`a barrier in ${s.kind}`);
    }
  }

  private isTrue(condition: Parameters<typeof evaluate>[0]): boolean {
    return evaluate(condition, this) === 1;
  }

  private caseOf(s: Statement & { kind: 'switch' }): Block {
    const value = evaluate(s.selector, this) as number;
    const found = s.cases.find((c) => c.values.includes(value)) ?? s.cases.find((c) => c.isDefault);
    return found?.body ?? [];
  }

  private step(s: Statement): End {
    switch (s.kind) {
      case 'declare':
        this.values.set(s.variable, s.value ? evaluate(s.value, this) : zeroOf(s.variable.type));
        return undefined;
      case 'assign':
        this.assign(s);
        return undefined;
      case 'evaluate':
        evaluate(s.value, this);
        return undefined;
      case 'barrier':
        throw new Error('a barrier is not a step');
      case 'if':
        return this.run(this.isTrue(s.condition) ? s.body : s.otherwise);
      case 'loop':
        return this.loop(s);
      case 'switch': {
        const end = this.run(this.caseOf(s));
        return end === 'break' ? undefined : end;
      }
      case 'break':
      case 'continue':
        return s.kind;
      case 'return':
        return { result: s.value && evaluate(s.value, this) };
      case 'block':
        return this.run(s.body);
    }
  }

  private loop(s: Statement & { kind: 'loop' }): End {
    this.run(s.initial);
    while (!s.condition || this.isTrue(s.condition)) {
      const end = this.run(s.body);
      if (end === 'break') break;
      if (typeof end === 'object') return end;
      this.run(s.update);
      if (s.breakIf && this.isTrue(s.breakIf)) break;
    }
    return undefined;
  }

  private assign(s: Statement & { kind: 'assign' }): void {
    const { variable, steps } = pathOf(s.place, this);
    let value = evaluate(s.value, this);
    if (s.op) {
      const { type } = s.place;
      const of = type.kind === 'matrix' ? 'f32' : elementOf(type)!.name;
      value = operate(s.op, of, evaluate(s.place, this), value);
    }
    const memory = this.memoryOf(variable);
    if (memory) {
      const [type, offset] = offsetAt(variable.type, steps);
      writeValue(memory, offset, type, value);
      return;
    }
    const { workgroup } = this.shared;
    const home = workgroup.has(variable) ? workgroup : this.values;
    home.set(variable, replaced(home.get(variable)!, steps, value));
  }
}

/** A value with one part exchanged. */
function replaced(whole: Value, steps: readonly number[], part: Value): Value {
  if (steps.length === 0) return part;
  const [k, ...rest] = steps;
  const parts = [...(whole as readonly Value[])];
  parts[k] = replaced(parts[k], rest, part);
  return parts;
}
