import type { Block, Expression, Variable } from '../wgsl/tree.ts';
import { blocksOf } from '../wgsl/walk.ts';

/** The variable that an expression is, or is a part of; none where it is a part of a result. */
export function rootVariable(e: Expression): Variable | undefined {
  if (e.kind === 'variable') return e.variable;
  if (e.kind === 'field' || e.kind === 'index' || e.kind === 'swizzle') return rootVariable(e.base);
  return undefined;
}

const found = new WeakMap<Block, ReadonlySet<Variable>>();

/** Variables that a block assigns to, those of the functions that it calls left out: they are theirs. */
export function assignedIn(block: Block): ReadonlySet<Variable> {
  const known = found.get(block);
  if (known) return known;
  const variables = new Set<Variable>();
  for (const s of block) {
    const root = s.kind === 'assign' ? rootVariable(s.place) : undefined;
    if (root) variables.add(root);
    for (const inner of blocksOf(s)) for (const v of assignedIn(inner)) variables.add(v);
  }
  found.set(block, variables);
  return variables;
}
