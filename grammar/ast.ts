import type { Span } from './span.ts';

export interface Ident {
  readonly name: string;
  readonly span: Span;
}

export type BinaryOperator =
  | 'or'
  | 'and'
  | '=='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '^';

export type Expr = { readonly span: Span } /** Stands where a mistake was reported. */ & (
  | { readonly kind: 'bad' }
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'none' }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'vector'; readonly items: readonly Expr[] }
  | { readonly kind: 'list'; readonly items: readonly Expr[] }
  | { readonly kind: 'comprehension'; readonly item: Expr; readonly variable: Ident; readonly source: Expr }
  | { readonly kind: 'tuple'; readonly items: readonly Expr[] }
  | { readonly kind: 'unary'; readonly operator: '-' | 'not'; readonly operand: Expr }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly operatorSpan: Span;
      readonly left: Expr;
      readonly right: Expr;
    }
  | { readonly kind: 'range'; readonly from: Expr; readonly to: Expr }
  | { readonly kind: 'call'; readonly callee: Expr; readonly args: readonly Argument[] }
  | { readonly kind: 'index'; readonly target: Expr; readonly index: Expr }
  | { readonly kind: 'pipe'; readonly left: Expr; readonly right: Expr }
  | {
      readonly kind: 'if';
      readonly cond: Expr;
      readonly body: readonly Stmt[];
      readonly else?: readonly Stmt[];
    }
);

export interface Argument {
  readonly name?: Ident;
  readonly value: Expr;
  readonly span: Span;
}

/** `int`, `<int; 4>`, `<int, int>`. */
export type TypeRef = { readonly span: Span } & (
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'vector'; readonly element: Ident; readonly length: Expr }
  | { readonly kind: 'elements'; readonly elements: readonly Ident[] }
);

/** `[B, C, H / 2]`; `rest` is the place of `...`. */
export interface ShapeRef {
  readonly dims: readonly (Expr | { readonly kind: 'rest'; readonly span: Span })[];
  readonly span: Span;
}

export interface Parameter {
  readonly name: Ident;
  readonly type: TypeRef;
  readonly default?: Expr;
  readonly doc: string;
  readonly span: Span;
}

/** An argument of `forward` or `def`: a tensor of some shape, a value of some type, or anything. */
export interface FunctionParameter {
  readonly name: Ident;
  readonly shape?: ShapeRef;
  readonly type?: TypeRef;
  readonly span: Span;
}

export interface FunctionDecl {
  readonly params: readonly FunctionParameter[];
  readonly result?: ShapeRef;
  readonly body: readonly Stmt[];
  readonly span: Span;
}

export type Stmt = { readonly span: Span } & (
  | {
      readonly kind: 'bind';
      readonly targets: readonly Ident[];
      readonly tuple: boolean;
      readonly value: Expr;
    }
  | { readonly kind: 'for'; readonly variable: Ident; readonly source: Expr; readonly body: readonly Stmt[] }
  | { readonly kind: 'require'; readonly cond: Expr; readonly message?: Expr }
  /** What a buffer holds after a training step. */
  | { readonly kind: 'update'; readonly target: Ident; readonly value: Expr }
  | { readonly kind: 'expr'; readonly value: Expr }
  /** A statement that did not parse; the names are what it might have bound. */
  | { readonly kind: 'bad'; readonly names: readonly string[] }
);

export interface Alternative {
  readonly name: Ident;
  readonly doc: string;
  readonly body: readonly Decl[];
  readonly span: Span;
}

export type Decl = { readonly span: Span } & (
  | { readonly kind: 'let'; readonly names: readonly Ident[]; readonly vector: boolean; readonly value: Expr }
  | { readonly kind: 'require'; readonly cond: Expr; readonly message?: Expr }
  | {
      readonly kind: 'param';
      readonly name: Ident;
      readonly shape: ShapeRef;
      readonly init: Expr;
      readonly cond?: Expr;
      readonly doc: string;
    }
  | {
      readonly kind: 'buffer';
      readonly name: Ident;
      /** A type stands for one whole number: `buffer steps: int = zeros`. */
      readonly shape: ShapeRef | TypeRef;
      readonly init: Expr;
      readonly cond?: Expr;
      readonly doc: string;
    }
  | {
      readonly kind: 'instance';
      readonly name: Ident;
      readonly indices: readonly Expr[];
      readonly value: Expr;
      readonly cond?: Expr;
      readonly doc: string;
    }
  | { readonly kind: 'for'; readonly variable: Ident; readonly source: Expr; readonly body: readonly Decl[] }
  | {
      readonly kind: 'if';
      readonly cond: Expr;
      readonly body: readonly Decl[];
      readonly else?: readonly Decl[];
    }
  | {
      readonly kind: 'variant';
      readonly name: Ident;
      readonly alternatives: readonly Alternative[];
      readonly doc: string;
    }
  | { readonly kind: 'def'; readonly name: Ident; readonly fn: FunctionDecl; readonly doc: string }
  | {
      readonly kind: 'forward';
      readonly fn: FunctionDecl;
      readonly hasParams: boolean;
      readonly keyword: Span;
    }
  | { readonly kind: 'input'; readonly name: Ident; readonly shape: ShapeRef; readonly doc: string }
  | {
      readonly kind: 'output';
      readonly name: Ident;
      readonly indices: readonly Expr[];
      readonly shape: ShapeRef;
      readonly value: Expr;
      readonly cond?: Expr;
      readonly doc: string;
    }
  | { readonly kind: 'bad'; readonly names: readonly string[] }
);

/** A block, or a model: a block with inputs and outputs of its own. */
export interface Component {
  readonly kind: 'block' | 'model';
  readonly name: Ident;
  readonly params: readonly Parameter[];
  readonly extends?: { readonly base: Ident; readonly args: readonly Argument[] };
  readonly body: readonly Decl[];
  readonly doc: string;
  readonly span: Span;
}

export interface TrainEntry {
  readonly key: Ident;
  readonly value: Expr;
  readonly span: Span;
}

/** `output cells { … }` in a train section: settings of one output, `output aux[0] { … }`, or of all that share a name. */
export interface OutputSection {
  readonly name: Ident;
  readonly indices: readonly Expr[];
  readonly entries: readonly TrainEntry[];
  /** Of the name with its indices. */
  readonly path: Span;
  readonly span: Span;
}

export interface TrainDecl {
  readonly kind: 'train';
  readonly name: Ident;
  readonly model: Ident;
  readonly entries: readonly TrainEntry[];
  readonly outputs: readonly OutputSection[];
  readonly doc: string;
  readonly span: Span;
}

/** `"layers.{i}.downsample.*" -> "downsamples.{i}.*"`, or one pattern alone. */
export interface NamePattern {
  readonly from: Ident;
  readonly to?: Ident;
  readonly span: Span;
}

/** `into = "vssm_encoder"`, or `skip { "norm.*", "head.*" }`. */
export interface PretrainedEntry {
  readonly key: Ident;
  readonly value?: Expr;
  readonly patterns?: readonly NamePattern[];
  readonly span: Span;
}

/** Rules by which a model takes tensors from a file made for another one. */
export interface PretrainedDecl {
  readonly kind: 'pretrained';
  readonly name: Ident;
  readonly model: Ident;
  readonly entries: readonly PretrainedEntry[];
  readonly doc: string;
  readonly span: Span;
}

export interface ImportDecl {
  readonly kind: 'import';
  readonly names: readonly Ident[];
  readonly path: Ident;
  readonly span: Span;
}

/** A declaration that did not parse; `name` keeps its uses from being errors too. */
export interface BadDecl {
  readonly kind: 'bad';
  readonly names: readonly string[];
  readonly span: Span;
}

export type TopLevel = Component | TrainDecl | PretrainedDecl | ImportDecl | BadDecl;

export interface CommentText {
  readonly text: string;
  readonly span: Span;
}

/** One file. */
export interface Module {
  readonly file: string;
  readonly doc: string;
  readonly declarations: readonly TopLevel[];
  /** Ordinary comments, in order, for a formatter. */
  readonly comments: readonly CommentText[];
}
