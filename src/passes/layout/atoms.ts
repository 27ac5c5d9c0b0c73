import { type Shape, stridesOf } from '../../ir/graph.ts';

/** A run of elements of a tensor at one distance from each other: an axis, a part of one, or several in one. */
export interface Atom {
  readonly size: number;
  /** In elements of the tensor that is looked at. */
  readonly stride: number;
}

/** The axes of a tensor as atoms of another, outermost first; an axis of one element has none. */
export type Layout = readonly (readonly Atom[])[];

/** A tensor as it lies. */
export function ownLayout(shape: Shape): Layout {
  const strides = stridesOf(shape);
  return shape.map((size, a) => (size === 1 ? [] : [{ size, stride: strides[a] }]));
}

/**
 * The same elements in the same order as axes of another shape (`reshape`); `undefined` where an axis would be a part
 * of an atom that does not divide.
 */
export function regroup(atoms: readonly Atom[], shape: Shape): Layout | undefined {
  const rest = [...atoms];
  const axes: Atom[][] = [];
  for (const size of [...shape].reverse()) {
    const axis: Atom[] = [];
    let wanted = size;
    while (wanted > 1) {
      const atom = rest.pop();
      if (atom === undefined) return undefined;
      if (wanted % atom.size === 0) {
        axis.unshift(atom);
        wanted /= atom.size;
      } else if (atom.size % wanted === 0) {
        axis.unshift({ size: wanted, stride: atom.stride });
        rest.push({ size: atom.size / wanted, stride: atom.stride * wanted });
        wanted = 1;
      } else return undefined;
    }
    axes.unshift(axis);
  }
  return axes;
}

/** Neighbours that are one run become one atom. */
export function joined(atoms: readonly Atom[]): Atom[] {
  const result: Atom[] = [];
  for (const atom of atoms) {
    const last = result.at(-1);
    if (last?.stride === atom.size * atom.stride) {
      result[result.length - 1] = { size: last.size * atom.size, stride: atom.stride };
    } else result.push(atom);
  }
  return result;
}

/** Atoms in the order in which they lie. */
export const asTheyLie = (atoms: readonly Atom[]): Atom[] => [...atoms].sort((a, b) => b.stride - a.stride);

export const liesInOrder = (atoms: readonly Atom[]): boolean =>
  atoms.every((a, k) => k === 0 || a.stride < atoms[k - 1].stride);
