import type { Context } from './context.ts';
import type { Label, Node } from './region.ts';

/** Counts from `first` in a loop, to before `end`; there is at least one number to count. */
export function counted(c: Context, first: Node, end: Node, body: (i: Node) => void): void {
  const [cell] = c.cellsFor([first]);
  c.set(cell, first);
  const inner = c.inner(true);
  const head: Label = { used: false };
  c.within(inner, c.floor, () => {
    const i = c.get(cell, false);
    body(i);
    const next = c.graph.op('i32.add', i, c.graph.i32(1));
    c.set(cell, next);
    c.branch(head, c.graph.op('i32.lt_u', next, end));
    c.pending.delete(head);
  });
  c.emit({ kind: 'loop', label: head, body: inner });
}
