import type { Expression, FunctionTree, Variable } from './tree.ts';
import type { Struct } from './types.ts';
import { type Position, WgslError } from './wgsl-error.ts';

/** What a name stands for. */
export type Meaning =
  | { readonly kind: 'variable'; readonly variable: Variable }
  | { readonly kind: 'constant'; readonly value: Expression }
  | { readonly kind: 'function'; readonly tree: FunctionTree }
  | { readonly kind: 'struct'; readonly struct: Struct };

/** Names of a block, and of those around it. */
export class Scope {
  private readonly outer: Scope | undefined;
  private readonly names = new Map<string, Meaning>();

  constructor(outer?: Scope) {
    this.outer = outer;
  }

  find(name: string): Meaning | undefined {
    return this.names.get(name) ?? this.outer?.find(name);
  }

  /** @throws WgslError where this block has the name */
  declare(name: string, meaning: Meaning, at: Position): void {
    if (this.names.has(name)) throw new WgslError(`"${name}" is declared twice`, at);
    this.names.set(name, meaning);
  }
}
