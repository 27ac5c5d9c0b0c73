import type { ArithmeticOp, BitOp, ComparisonOp } from './syntax.ts';
import type { Type } from './types.ts';
import type { Position } from './wgsl-error.ts';

/**
 * The checked tree, which the interpreter and the compiler read: every expression has its type, names are variables,
 * constants are literals, and both operands of an operator have one shape.
 */

export type Space = 'local' | 'parameter' | 'builtin' | 'uniform' | 'storage' | 'workgroup' | 'private';

export interface Variable {
  readonly name: string;
  readonly type: Type;
  readonly space: Space;
  /** `var`, of any space. */
  readonly mutable: boolean;
  /** Of uniforms and storage: its number among the bindings. */
  readonly binding?: number;
  /** Of a parameter of the entry point. */
  readonly builtin?: BuiltinValue;
  /** Of storage: some statement stores to it. */
  written: boolean;
}

export type BuiltinValue =
  | 'workgroup_id'
  | 'num_workgroups'
  | 'local_invocation_index'
  | 'local_invocation_id'
  | 'global_invocation_id';

export type Expression = { readonly type: Type; readonly at: Position } & (
  | { readonly kind: 'literal'; readonly value: number }
  | { readonly kind: 'variable'; readonly variable: Variable }
  | { readonly kind: 'field'; readonly base: Expression; readonly member: number }
  /** One lane gives a scalar. */
  | { readonly kind: 'swizzle'; readonly base: Expression; readonly lanes: readonly number[] }
  /** Of an array, a vector or a matrix; beyond the end the index is clamped. */
  | { readonly kind: 'index'; readonly base: Expression; readonly index: Expression }
  | { readonly kind: 'unary'; readonly op: '-' | '!' | '~'; readonly operand: Expression }
  /** The right side of a shift is u32; a matrix may be multiplied by a scalar. */
  | {
      readonly kind: 'binary';
      readonly op: ArithmeticOp | BitOp | ComparisonOp;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: 'logical';
      readonly op: '&&' | '||';
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: 'splat'; readonly operand: Expression }
  /** Its parts in order, vectors among the parts of a vector taken apart; no parts: zeros. */
  | { readonly kind: 'construct'; readonly parts: readonly Expression[] }
  | { readonly kind: 'convert'; readonly operand: Expression }
  | { readonly kind: 'bitcast'; readonly operand: Expression }
  | { readonly kind: 'builtin'; readonly name: BuiltinName; readonly args: readonly Expression[] }
  | { readonly kind: 'call'; readonly callee: FunctionTree; readonly args: readonly Expression[] }
);

/** Functions of WGSL; all but the last five work element by element. */
export type BuiltinName = MapName | 'select' | 'dot' | 'transpose' | 'any' | 'all';

/** Of numbers; all but the first five of f32 only. */
export const MAP_ARITY = {
  abs: 1,
  sign: 1,
  min: 2,
  max: 2,
  clamp: 3,
  exp: 1,
  exp2: 1,
  log: 1,
  log2: 1,
  tanh: 1,
  sqrt: 1,
  inverseSqrt: 1,
  floor: 1,
  ceil: 1,
  round: 1,
  trunc: 1,
  fma: 3,
} as const;
export type MapName = keyof typeof MAP_ARITY;

export type Statement = { readonly at: Position } & (
  | { readonly kind: 'declare'; readonly variable: Variable; readonly value?: Expression }
  | {
      readonly kind: 'assign';
      /** A variable, or a part of one; a swizzle has one lane. */
      readonly place: Expression;
      readonly op?: ArithmeticOp | BitOp;
      readonly value: Expression;
    }
  | { readonly kind: 'evaluate'; readonly value: Expression }
  | { readonly kind: 'barrier' }
  | {
      readonly kind: 'if';
      readonly condition: Expression;
      readonly body: Block;
      readonly otherwise: Block;
    }
  | {
      readonly kind: 'loop';
      readonly initial: Block;
      readonly condition?: Expression;
      readonly body: Block;
      readonly update: Block;
      readonly breakIf?: Expression;
    }
  | { readonly kind: 'switch'; readonly selector: Expression; readonly cases: readonly Case[] }
  | { readonly kind: 'break' | 'continue' }
  | { readonly kind: 'return'; readonly value?: Expression }
  | { readonly kind: 'block'; readonly body: Block }
);

export type Block = readonly Statement[];

export interface Case {
  /** None: only the default. */
  readonly values: readonly number[];
  readonly isDefault: boolean;
  readonly body: Block;
}

export interface FunctionTree {
  readonly name: string;
  readonly parameters: readonly Variable[];
  readonly result?: Type;
  body: Block;
}

export interface ModuleTree {
  readonly entry: FunctionTree;
  readonly workgroupSize: readonly [number, number, number];
  /** Uniforms and storage, by their numbers. */
  readonly bindings: readonly Variable[];
  readonly workgroup: readonly Variable[];
  readonly private: readonly { readonly variable: Variable; readonly value?: Expression }[];
}
