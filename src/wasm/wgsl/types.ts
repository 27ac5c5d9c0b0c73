/** Types of the checked tree. Two are the same if their names are. */
export type Type = Scalar | Vector | Matrix | ArrayType | Struct;

/** What a number is made of; `whole` and `real` are literals that no type is given to yet. */
export type ScalarName = 'bool' | 'i32' | 'u32' | 'f32' | 'f16' | 'whole' | 'real';

export interface Scalar {
  readonly kind: 'scalar';
  readonly name: ScalarName;
}

export interface Vector {
  readonly kind: 'vector';
  readonly name: string;
  readonly size: 2 | 3 | 4;
  readonly of: Scalar;
}

/** Of f32. */
export interface Matrix {
  readonly kind: 'matrix';
  readonly name: string;
  readonly columns: number;
  readonly column: Vector;
}

export interface ArrayType {
  readonly kind: 'array';
  readonly name: string;
  readonly of: Type;
  /** Left out: as long as the buffer. */
  readonly length?: number;
  /** Its elements are atomic, which here only means that `atomicStore` writes them. */
  readonly atomic?: boolean;
}

export interface Struct {
  readonly kind: 'struct';
  readonly name: string;
  readonly members: readonly { readonly name: string; readonly type: Type }[];
}

const scalar = (name: ScalarName): Scalar => ({ kind: 'scalar', name });
export const BOOL = scalar('bool');
export const I32 = scalar('i32');
export const U32 = scalar('u32');
export const F32 = scalar('f32');
export const F16 = scalar('f16');
export const WHOLE = scalar('whole');
export const REAL = scalar('real');

export const vector = (size: 2 | 3 | 4, of: Scalar): Vector => ({
  kind: 'vector',
  name: `vec${size}<${of.name}>`,
  size,
  of,
});

export const matrix = (columns: number, rows: 2 | 3 | 4): Matrix => ({
  kind: 'matrix',
  name: `mat${columns}x${rows}<f32>`,
  columns,
  column: vector(rows, F32),
});

export const arrayOf = (of: Type, length?: number, atomic?: boolean): ArrayType => ({
  kind: 'array',
  name: `array<${of.name}${length === undefined ? '' : `, ${length}`}>`,
  of,
  length,
  atomic,
});

export const isSame = (a: Type, b: Type): boolean => a.name === b.name;

/** The scalar that a scalar or vector is made of. */
export function elementOf(type: Type): Scalar | undefined {
  if (type.kind === 'scalar') return type;
  return type.kind === 'vector' ? type.of : undefined;
}

/** A scalar or vector of the same shape made of another scalar. */
export function withElement(type: Type, of: Scalar): Type {
  return type.kind === 'vector' ? vector(type.size, of) : of;
}

const isFloat = ({ name }: Scalar) => name === 'f32' || name === 'real';
const isWhole = ({ name }: Scalar) => name === 'i32' || name === 'u32' || name === 'whole';
export const isFloating = (type: Type): boolean => {
  const of = elementOf(type);
  return of !== undefined && isFloat(of);
};
export const isInteger = (type: Type): boolean => {
  const of = elementOf(type);
  return of !== undefined && isWhole(of);
};
export const isNumeric = (type: Type): boolean => isFloating(type) || isInteger(type);
export const isBoolean = (type: Type): boolean => elementOf(type)?.name === 'bool';

/** In bytes, as memory keeps it. */
export function sizeOf(type: Type): number {
  switch (type.kind) {
    case 'scalar':
      return type.name === 'f16' ? 2 : 4;
    case 'vector':
      return type.size * sizeOf(type.of);
    case 'matrix':
      return type.columns * strideOf(type.column);
    case 'array':
      return (type.length ?? 0) * strideOf(type.of);
    case 'struct': {
      const last = type.members.length - 1;
      if (last < 0) return 0;
      return roundUp(offsetOf(type, last) + sizeOf(type.members[last].type), alignmentOf(type));
    }
  }
}

export function alignmentOf(type: Type): number {
  switch (type.kind) {
    case 'scalar':
      return sizeOf(type);
    case 'vector':
      return (type.size === 3 ? 4 : type.size) * sizeOf(type.of);
    case 'matrix':
      return alignmentOf(type.column);
    case 'array':
      return alignmentOf(type.of);
    case 'struct':
      return Math.max(1, ...type.members.map((m) => alignmentOf(m.type)));
  }
}

/** Bytes from one element of an array to the next. */
export const strideOf = (element: Type): number => roundUp(sizeOf(element), alignmentOf(element));

/** Bytes before a member. */
export function offsetOf(struct: Struct, member: number): number {
  let offset = 0;
  for (let k = 0; ; k++) {
    offset = roundUp(offset, alignmentOf(struct.members[k].type));
    if (k === member) return offset;
    offset += sizeOf(struct.members[k].type);
  }
}

const roundUp = (n: number, to: number) => Math.ceil(n / to) * to;
