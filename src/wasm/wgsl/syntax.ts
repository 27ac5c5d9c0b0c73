import type { Position } from './wgsl-error.ts';

/** The syntax tree: what the parser leaves and the checker reads. */

/** `vec4<f32>`, `array<f32, LANES / 16u>`, `f32`, or a struct's name. */
export interface TypeSyntax {
  readonly name: string;
  readonly args: readonly (TypeSyntax | ExpressionSyntax)[];
  readonly at: Position;
}

export type ExpressionSyntax = { readonly at: Position } & (
  | {
      readonly kind: 'number';
      readonly value: number;
      readonly suffix: 'i' | 'u' | 'f' | 'h' | 'whole' | 'real';
    }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'member'; readonly base: ExpressionSyntax; readonly name: string }
  | { readonly kind: 'index'; readonly base: ExpressionSyntax; readonly index: ExpressionSyntax }
  | { readonly kind: 'unary'; readonly op: '-' | '!' | '~' | '&'; readonly operand: ExpressionSyntax }
  | {
      readonly kind: 'binary';
      readonly op: BinaryOp;
      readonly left: ExpressionSyntax;
      readonly right: ExpressionSyntax;
    }
  | { readonly kind: 'call'; readonly callee: TypeSyntax; readonly args: readonly ExpressionSyntax[] }
);

export type ArithmeticOp = '+' | '-' | '*' | '/' | '%';
export type BitOp = '&' | '|' | '^' | '<<' | '>>';
export type ComparisonOp = '==' | '!=' | '<' | '<=' | '>' | '>=';
export type BinaryOp = ArithmeticOp | BitOp | ComparisonOp | '&&' | '||';

export type StatementSyntax = { readonly at: Position } & (
  | {
      readonly kind: 'declare';
      readonly how: 'let' | 'var' | 'const';
      readonly name: string;
      readonly type?: TypeSyntax;
      readonly value?: ExpressionSyntax;
    }
  | {
      readonly kind: 'assign';
      readonly target: ExpressionSyntax;
      /** Of `+=` and its like. */
      readonly op?: ArithmeticOp | BitOp;
      readonly value: ExpressionSyntax;
    }
  | { readonly kind: 'evaluate'; readonly value: ExpressionSyntax }
  | {
      readonly kind: 'if';
      readonly condition: ExpressionSyntax;
      readonly body: BlockSyntax;
      readonly otherwise?: BlockSyntax;
    }
  | {
      /** `for`, `while` (no `initial`, no `update`) and `loop` (no condition). */
      readonly kind: 'loop';
      readonly initial?: StatementSyntax;
      readonly condition?: ExpressionSyntax;
      readonly body: BlockSyntax;
      /** Of a `for` its update, of a `loop` what stands in `continuing`. */
      readonly update: BlockSyntax;
      /** `break if` at the end of `continuing`. */
      readonly breakIf?: ExpressionSyntax;
    }
  | { readonly kind: 'switch'; readonly selector: ExpressionSyntax; readonly cases: readonly CaseSyntax[] }
  | { readonly kind: 'break' | 'continue' }
  | { readonly kind: 'return'; readonly value?: ExpressionSyntax }
  | { readonly kind: 'block'; readonly body: BlockSyntax }
);

export type BlockSyntax = readonly StatementSyntax[];

export interface CaseSyntax {
  readonly at: Position;
  readonly values: readonly (ExpressionSyntax | 'default')[];
  readonly body: BlockSyntax;
}

export interface AttributeSyntax {
  readonly name: string;
  readonly args: readonly ExpressionSyntax[];
  readonly at: Position;
}

export interface MemberSyntax {
  readonly name: string;
  readonly type: TypeSyntax;
  readonly attributes: readonly AttributeSyntax[];
  readonly at: Position;
}

export interface FunctionSyntax {
  readonly name: string;
  readonly attributes: readonly AttributeSyntax[];
  readonly parameters: readonly MemberSyntax[];
  readonly result?: TypeSyntax;
  readonly body: BlockSyntax;
  readonly at: Position;
}

/** A `var` or `const` of the module. */
export interface GlobalSyntax {
  readonly name: string;
  readonly how: 'var' | 'const';
  /** `<storage, read_write>`, `<uniform>`, `<workgroup>`, `<private>`. */
  readonly space: readonly string[];
  readonly attributes: readonly AttributeSyntax[];
  readonly type?: TypeSyntax;
  readonly value?: ExpressionSyntax;
  readonly at: Position;
}

export interface ModuleSyntax {
  readonly enables: readonly string[];
  readonly structs: readonly {
    readonly name: string;
    readonly members: readonly MemberSyntax[];
    readonly at: Position;
  }[];
  readonly globals: readonly GlobalSyntax[];
  readonly functions: readonly FunctionSyntax[];
}
