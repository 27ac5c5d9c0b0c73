interface Arrow {
  readonly from: string;
  readonly to: string;
}

/**
 * For each arrow, whether it is part of a skip connection: a way from one box to another that is shorter than
 * the longest between them. Found as slack in the sense of the critical path method (J. E. Kelley,
 * M. R. Walker, 1959): a box is `early` when it follows the longest way to it, and `late` when it may wait for
 * what else its consumers need; an arrow has slack where there is time left between. Boxes that feed nothing
 * do not wait, so a side output is none. Arrows that close a cycle count as none.
 */
export function skipConnections(boxes: readonly string[], arrows: readonly Arrow[]): boolean[] {
  const order = topologicalOrder(boxes, arrows);
  const place = new Map(order.map((id, i) => [id, i]));
  const forward = arrows.filter((a) => place.get(a.from)! < place.get(a.to)!);
  const [into, outOf] = [grouped(forward, 'to', 'from'), grouped(forward, 'from', 'to')];
  const early = new Map<string, number>();
  for (const id of order) {
    const before = into.get(id) ?? [];
    early.set(
      id,
      before.reduce((n, b) => Math.max(n, early.get(b)! + 1), 0),
    );
  }
  const late = new Map<string, number>();
  for (const id of order.toReversed()) {
    const after = outOf.get(id) ?? [];
    const latest = Math.min(...after.map((b) => late.get(b)! - 1));
    late.set(id, after.length === 0 ? early.get(id)! : latest);
  }
  return arrows.map(
    ({ from, to }) => place.get(from)! < place.get(to)! && late.get(to)! - early.get(from)! > 1,
  );
}

function grouped(arrows: readonly Arrow[], key: keyof Arrow, value: keyof Arrow): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const arrow of arrows) groups.set(arrow[key], [...(groups.get(arrow[key]) ?? []), arrow[value]]);
  return groups;
}

/** Depth first, from the boxes in their order; arrows back to a box that is still open are passed over. */
function topologicalOrder(boxes: readonly string[], arrows: readonly Arrow[]): string[] {
  const outOf = grouped(arrows, 'from', 'to');
  const done: string[] = [];
  const met = new Set<string>();
  for (const root of boxes) {
    if (met.has(root)) continue;
    met.add(root);
    // A stack of its own: a deep network opened wholly has thousands of boxes in a row.
    const open = [{ id: root, next: 0 }];
    while (open.length > 0) {
      const top = open[open.length - 1];
      const to = outOf.get(top.id)?.[top.next++];
      if (to === undefined) done.push(open.pop()!.id);
      else if (!met.has(to)) {
        met.add(to);
        open.push({ id: to, next: 0 });
      }
    }
  }
  return done.reverse();
}
