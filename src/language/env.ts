import type { BufferState } from './context.ts';
import type { Origin } from './origins.ts';
import type { Value } from './values.ts';

/** What one file sees: its own blocks and models, and those it imports. */
export interface ModuleScope {
  readonly file: string;
  readonly names: Map<string, Value>;
}

/**
 * Names of one instance or of one call of a function. There are no smaller scopes: as in Python, what a loop
 * or a branch binds is there afterwards.
 */
export class Env {
  readonly vars: Map<string, Value>;
  readonly parent: Env | undefined;
  readonly scope: ModuleScope;
  /** Where the values of parameters and of names bound by `let` come from. */
  readonly origins: Map<string, Origin>;
  /** Which of the names are buffers. */
  readonly buffers: Map<string, BufferState>;

  constructor(
    scope: ModuleScope,
    parent?: Env,
    vars: Map<string, Value> = new Map(),
    origins: Map<string, Origin> = new Map(),
    buffers: Map<string, BufferState> = new Map(),
  ) {
    this.scope = scope;
    this.parent = parent;
    this.vars = vars;
    this.origins = origins;
    this.buffers = buffers;
  }

  child(): Env {
    return new Env(this.scope, this);
  }

  /** The same names, seen from another file (a declaration that `extends` brought in). */
  seenFrom(scope: ModuleScope): Env {
    return scope === this.scope ? this : new Env(scope, this.parent, this.vars, this.origins, this.buffers);
  }

  set(name: string, value: Value): void {
    this.vars.set(name, value);
  }

  /** Local names first, then those of the file. */
  get(name: string): Value | undefined {
    for (let env: Env | undefined = this; env; env = env.parent) {
      const value = env.vars.get(name);
      if (value) return value;
    }
    return this.scope.names.get(name);
  }

  /** The buffer that a name stands for here, and where it is declared. */
  buffer(name: string): { readonly env: Env; readonly state: BufferState } | undefined {
    for (let env: Env | undefined = this; env; env = env.parent) {
      if (!env.vars.has(name)) continue;
      const state = env.buffers.get(name);
      return state && { env, state };
    }
    return undefined;
  }

  /** Where the value of a name comes from, if that is an argument, a default or a `let`, here or around here. */
  originOf(name: string): Origin | undefined {
    for (let env: Env | undefined = this; env; env = env.parent) {
      const origin = env.origins.get(name);
      if (origin || env.vars.has(name)) return origin;
    }
    return undefined;
  }

  /** All names that can be used here, innermost first. */
  *names(): Iterable<string> {
    for (let env: Env | undefined = this; env; env = env.parent) yield* env.vars.keys();
    yield* this.scope.names.keys();
  }
}
