import { type Node, type Shape, sameShape, stridesOf, type ValueId } from '../../ir/graph.ts';
import { type Equation, formatEquation, parseEquation } from '../../ops/contraction/equation.ts';
import type { GraphIndex, Rewriting } from '../rewrite.ts';
import { type Atom, asTheyLie, joined, regroup } from './atoms.ts';
import type { Chain } from './chains.ts';
import { isWalkable } from './runs.ts';

/** An einsum written anew: operands as views of other values, and the shape of its result. */
export interface NewContraction {
  readonly operands: readonly { readonly value: ValueId; readonly shape: Shape }[];
  readonly equation: Equation;
}

type Term = 'a' | 'b' | 'out';
type Pieces = ReadonlyMap<string, readonly Atom[]>;

/** The einsum with operand `at` read where a chain begins. `undefined` where its kernel could not walk that. */
export function readFromBase(
  node: Node,
  at: number,
  chain: Chain,
  index: GraphIndex,
): NewContraction | undefined {
  const e = equationOf(node);
  const own: Term = at === 0 ? 'a' : 'b';
  const pieces = new Map(e[own].map((letter, axis) => [letter, joined(chain.layout[axis])]));
  const names = namesOf(e, pieces);
  if (names === undefined) return undefined;
  // The operand's letters in the order in which their elements lie; those of one element come first.
  const lying = e[own].flatMap((letter) =>
    names.get(letter)!.map((name, k) => ({ name, atom: pieces.get(letter)![k] })),
  );
  const ones = lying.filter((l) => l.atom === undefined);
  const others = lying.filter((l) => l.atom !== undefined);
  const ordered = [...ones, ...others.sort((x, y) => y.atom.stride - x.atom.stride)];
  const other: Term = own === 'a' ? 'b' : 'a';
  const equation = {
    ...e,
    [own]: ordered.map((l) => l.name),
    [other]: e[other].flatMap((l) => names.get(l) ?? [l]),
    out: e.out.flatMap((l) => names.get(l) ?? [l]),
  };
  const base = { value: chain.base, shape: ordered.map((l) => l.atom?.size ?? 1) };
  const left = {
    value: node.inputs[1 - at],
    shape: splitShape(e[other], index.shape(node.inputs[1 - at]), pieces),
  };
  return checked({ operands: at === 0 ? [base, left] : [left, base], equation });
}

/** The einsum that gives its result as reshapes and permutes of it would leave it. */
export function writtenAs(node: Node, chain: Chain, index: GraphIndex): NewContraction | undefined {
  const e = equationOf(node);
  const [out] = node.outputs;
  const atoms = joined(chain.layout.flat());
  // Which parts of its axes the atoms are.
  const byAxis = regroup(asTheyLie(atoms), index.shape(out));
  if (byAxis === undefined) return undefined;
  const pieces = new Map(e.out.map((letter, axis) => [letter, byAxis[axis]]));
  const names = namesOf(e, pieces);
  if (names === undefined) return undefined;
  const lying = e.out.flatMap((letter) =>
    names.get(letter)!.map((name, k) => ({ name, atom: pieces.get(letter)![k] })),
  );
  const within = (atom: Atom) =>
    lying
      .filter((l) => l.atom && l.atom.stride >= atom.stride && l.atom.stride < atom.stride * atom.size)
      .sort((x, y) => y.atom.stride - x.atom.stride);
  const ordered = [...lying.filter((l) => l.atom === undefined), ...atoms.flatMap(within)];
  const split = (term: 'a' | 'b') => e[term].flatMap((l) => names.get(l) ?? [l]);
  return checked({
    operands: node.inputs.map((value, i) => ({
      value,
      shape: splitShape(e[i === 0 ? 'a' : 'b'], index.shape(value), pieces),
    })),
    equation: { a: split('a'), b: split('b'), out: ordered.map((l) => l.name) },
  });
}

/** The nodes of a contraction, in the shape of the value that it stands for. */
export function applied(c: NewContraction, shape: Shape, r: Rewriting): ValueId {
  const operands = c.operands.map(({ value, shape: wanted }) => reshaped(r.now(value), wanted, r));
  const { a, b, out } = c.equation;
  return reshaped(r.apply('einsum', operands, { equation: formatEquation(a, b, out) }), shape, r);
}

export function reshaped(v: ValueId, shape: Shape, r: Rewriting): ValueId {
  return sameShape(r.shape(v), shape) ? v : r.apply('reshape', [v], { shape: [...shape] });
}

const equationOf = (node: Node) => parseEquation(node.attrs['equation'] as string);

/** Names for the pieces of each letter: the letter where it stays whole. */
function namesOf(e: Equation, pieces: Pieces): ReadonlyMap<string, readonly string[]> | undefined {
  const free = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'].filter(
    (l) => ![...e.a, ...e.b, ...e.out].includes(l),
  );
  const names = new Map<string, string[]>();
  for (const [letter, atoms] of pieces) {
    const more = free.splice(0, Math.max(0, atoms.length - 1));
    if (more.length < atoms.length - 1) return undefined;
    names.set(letter, [letter, ...more]);
  }
  return names;
}

function splitShape(term: readonly string[], shape: Shape, pieces: Pieces): number[] {
  return term.flatMap((letter, axis) => {
    const atoms = pieces.get(letter) ?? [];
    return atoms.length > 1 ? atoms.map((a) => a.size) : [shape[axis]];
  });
}

/** Only what the kernel walks without copies of its own is a gain. */
function checked(c: NewContraction): NewContraction | undefined {
  const { a, b, out } = c.equation;
  const sizes = new Map([
    ...a.map((l, i) => [l, c.operands[0].shape[i]] as const),
    ...b.map((l, i) => [l, c.operands[1].shape[i]] as const),
  ]);
  const terms = [a, b, out];
  const strides = terms.map((term) => stridesOf(term.map((l) => sizes.get(l)!)));
  const axes = (letters: readonly string[], of: readonly number[]) =>
    letters.map((l) => ({ size: sizes.get(l)!, strides: of.map((t) => strides[t][terms[t].indexOf(l)]) }));
  const walkable =
    isWalkable(
      axes(
        out.filter((l) => a.includes(l) && b.includes(l)),
        [0, 1, 2],
      ),
    ) &&
    isWalkable(
      axes(
        out.filter((l) => !b.includes(l)),
        [0, 2],
      ),
    ) &&
    isWalkable(
      axes(
        out.filter((l) => !a.includes(l)),
        [1, 2],
      ),
    ) &&
    isWalkable(
      axes(
        a.filter((l) => !out.includes(l)),
        [0, 1],
      ),
    );
  return walkable ? c : undefined;
}
