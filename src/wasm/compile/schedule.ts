import type { Define, Item, Node, Region } from './region.ts';

/** Where nodes are computed. */
export interface Schedule {
  /** The nodes that are computed before an item of a region, in order, each into a local. */
  before(region: Region, index: number): readonly Node[];
  /** Whether anything with an effect needs it. */
  isUsed(node: Node): boolean;
}

interface Place {
  region: Region;
  index: number;
  uses: number;
}

/** The nodes that an item needs itself. */
export function operandsOf(item: Item): readonly Node[] {
  switch (item.kind) {
    case 'store':
      return [item.address, item.value];
    case 'set':
      return [item.value];
    case 'define':
      return item.node.args;
    case 'if':
      return [item.condition];
    case 'branch':
      return item.condition ? [item.condition] : [];
    default:
      return [];
  }
}

export function regionsOf(item: Item): readonly Region[] {
  if (item.kind === 'if') return [item.body, item.otherwise];
  return item.kind === 'loop' || item.kind === 'block' ? [item.body] : [];
}

export const isConstant = (n: Node): boolean => n.op.endsWith('.const') || n.op === 'parameter';

/**
 * Places nodes: in the innermost region that holds all their uses, then as far out as it lies in fewer loops (C. Click,
 * "Global Code Motion / Global Value Numbering", 1995). A node that is used once, where it is placed, needs no local.
 */
export function schedule(root: Region): Schedule {
  const used = usedIn(root);
  const places = new Map<Node, Place>();
  const fixed = new Set<Node>();
  const reached = new Set<Node>();
  const use = (node: Node, region: Region, index: number): void => {
    if (isConstant(node)) return;
    const known = places.get(node);
    if (!known) {
      places.set(node, { region, index, uses: 1 });
      return;
    }
    known.uses++;
    let [a, b] = [known.region, region];
    let [i, j] = [known.index, index];
    while (a !== b) {
      if (a.nest >= b.nest) [a, i] = [a.parent!, a.index];
      else [b, j] = [b.parent!, b.index];
    }
    known.region = a;
    known.index = Math.min(i, j);
  };
  const reach = (node: Node): void => {
    if (reached.has(node)) return;
    reached.add(node);
    if (!fixed.has(node)) node.args.forEach(reach);
  };
  const walk = (region: Region): void => {
    region.items.forEach((item, index) => {
      if (item.kind === 'define') {
        const nodes = definedBy(item).filter((n) => used.has(n));
        if (nodes.length === 0) return;
        for (const node of nodes) fixed.add(node);
      }
      for (const node of operandsOf(item)) {
        reach(node);
        use(node, region, index);
      }
      regionsOf(item).forEach(walk);
    });
  };
  walk(root);
  const buckets = new Map<Region, Map<number, Node[]>>();
  // Whoever uses a node was made after it, and is placed before it here.
  for (const node of [...reached].sort((a, b) => b.id - a.id)) {
    if (fixed.has(node) || isConstant(node)) continue;
    const place = places.get(node)!;
    const hoisted = hoist(node, place);
    for (const a of node.args) use(a, hoisted.region, hoisted.index);
    const inPlace = place.uses === 1 && hoisted.region === place.region;
    if (inPlace) continue;
    const bucket = buckets.get(hoisted.region) ?? new Map<number, Node[]>();
    buckets.set(hoisted.region, bucket);
    const nodes = bucket.get(hoisted.index);
    if (nodes) nodes.push(node);
    else bucket.set(hoisted.index, [node]);
  }
  for (const bucket of buckets.values()) for (const nodes of bucket.values()) nodes.reverse();
  return {
    before: (region, index) => buckets.get(region)?.get(index) ?? NONE,
    isUsed: (node) => used.has(node),
  };
}

export const definedBy = ({ node, also }: Define): readonly Node[] => [node, ...also];

/** What items with an effect need, and what that needs. */
function usedIn(root: Region): ReadonlySet<Node> {
  const used = new Set<Node>();
  const mark = (node: Node): void => {
    if (used.has(node)) return;
    used.add(node);
    node.args.forEach(mark);
  };
  const walk = (region: Region): void => {
    for (const item of region.items) {
      if (item.kind !== 'define') operandsOf(item).forEach(mark);
      regionsOf(item).forEach(walk);
    }
  };
  walk(root);
  return used;
}

const NONE: readonly Node[] = [];

function hoist(node: Node, { region, index }: Place): { readonly region: Region; readonly index: number } {
  let best = { region, index };
  let at = best;
  while (at.region !== node.early) {
    const { parent } = at.region;
    if (!parent) throw new Error(`${node.op} is used where it is not known`);
    at = { region: parent, index: at.region.index };
    if (at.region.depth < best.region.depth) best = at;
  }
  return best;
}
