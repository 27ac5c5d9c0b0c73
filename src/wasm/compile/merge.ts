import type { Block, Variable } from '../wgsl/tree.ts';
import type { Context } from './context.ts';
import { assignedIn } from './places.ts';
import type { Cell } from './region.ts';

/** Sets what variables hold in a place where ways meet. */
export function setAll(c: Context, cells: ReadonlyMap<Variable, readonly Cell[]>): void {
  for (const [v, leaves] of cells) {
    const values = c.environment.get(v)!;
    leaves.forEach((cell, k) => {
      c.set(cell, values[k]);
    });
  }
}

/** Takes up what variables hold there. */
export function getAll(c: Context, cells: ReadonlyMap<Variable, readonly Cell[]>): void {
  for (const [v, leaves] of cells) {
    c.environment.set(
      v,
      leaves.map((cell) => c.get(cell, c.isTainted(v))),
    );
  }
}

/** Cells for variables that are assigned to in blocks and known outside of them. */
export function cellsOf(c: Context, blocks: readonly Block[]): Map<Variable, readonly Cell[]> {
  const cells = new Map<Variable, readonly Cell[]>();
  for (const block of blocks) {
    for (const v of assignedIn(block)) {
      const leaves = c.environment.get(v);
      if (leaves && !cells.has(v)) cells.set(v, c.cellsFor(leaves));
    }
  }
  return cells;
}
