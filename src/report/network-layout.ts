import { type EdgeLabel, Graph, type GraphLabel, layout, type NodeLabel } from '@dagrejs/dagre';

/** Height that a group's title takes, in pixels. */
const titleRoom = 18;

/** What is placed: boxes of a given size, in groups that may nest, and arrows whose labels take room. */
export interface LayoutInput {
  readonly boxes: readonly {
    readonly id: string;
    readonly width: number;
    readonly height: number;
    readonly group: string | undefined;
  }[];
  readonly groups: readonly {
    readonly id: string;
    readonly parent: string | undefined;
    readonly titleWidth: number;
  }[];
  readonly edges: readonly {
    readonly from: string;
    readonly to: string;
    readonly width: number;
    readonly height: number;
  }[];
}

export interface XY {
  readonly x: number;
  readonly y: number;
}

/** A rectangle by its centre, in pixels. */
export interface Rectangle extends XY {
  readonly width: number;
  readonly height: number;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly boxes: ReadonlyMap<string, Rectangle>;
  readonly groups: ReadonlyMap<string, Rectangle>;
  /** In the order of the input: the bends from border to border, and the label's centre. */
  readonly edges: readonly { readonly points: readonly XY[]; readonly label: XY }[];
}

/**
 * Places a network top-down in layers (Sugiyama's method, by dagre): what feeds stands above what is fed.
 * The same input gives the same coordinates.
 */
export function layoutNetwork(input: LayoutInput): Layout {
  const { boxes, groups, edges } = input;
  // dagre's bounds of nothing are infinite.
  if (boxes.length === 0) return { width: 0, height: 0, boxes: new Map(), groups: new Map(), edges: [] };
  let graph = layered(input, new Map());
  const widened = roomForTitles(input, (id) => graph.node(groupId(id)).width);
  if (widened.size > 0) graph = layered(input, widened);
  const placed = (id: string): Rectangle => {
    const { x = 0, y = 0, width, height } = graph.node(id);
    return { x, y, width, height };
  };
  const frames = new Map(groups.map(({ id }) => [id, placed(groupId(id))]));
  const down = titleShift([...frames.values()]);
  const boxesAt = new Map(
    boxes.map(({ id }) => {
      const at = placed(boxId(id));
      return [id, { ...at, y: at.y + down(at.y) }];
    }),
  );
  const { width = 0, height = 0 } = graph.graph();
  return {
    width,
    height: height + down(height),
    boxes: boxesAt,
    groups: new Map([...frames].map(([id, at]) => [id, stretched(at, down)])),
    edges: edges.map(({ from, to }, i) => {
      const { points = [], x = 0, y = 0 } = graph.edge(boxId(from), boxId(to), String(i));
      // The ends go with their boxes, whose borders may lie on another side of a frame's top than the middles.
      const [first, last] = [placed(boxId(from)).y, placed(boxId(to)).y];
      const moved = (points as XY[]).map((p, k) => ({
        x: p.x,
        y: p.y + down(k === 0 ? first : k === points.length - 1 ? last : p.y),
      }));
      return { points: moved, label: { x, y: y + down(y) } };
    }),
  };
}

type LayoutGraph = Graph<GraphLabel, NodeLabel, EdgeLabel>;

// The prefixes keep boxes and groups of one name apart.
const boxId = (id: string) => `box ${id}`;
const groupId = (id: string) => `group ${id}`;

function layered({ boxes, groups, edges }: LayoutInput, widened: ReadonlyMap<string, number>): LayoutGraph {
  const graph: LayoutGraph = new Graph({ compound: true, multigraph: true });
  graph.setGraph({ rankdir: 'TB', nodesep: 36, edgesep: 18, ranksep: 22, marginx: 24, marginy: 24 });
  for (const { id } of groups) graph.setNode(groupId(id), { width: 0, height: 0 });
  for (const { id, parent } of groups) {
    if (parent !== undefined) graph.setParent(groupId(id), groupId(parent));
  }
  for (const { id, width, height, group } of boxes) {
    graph.setNode(boxId(id), { width: Math.max(width, widened.get(id) ?? 0), height });
    if (group !== undefined) graph.setParent(boxId(id), groupId(group));
  }
  edges.forEach(({ from, to, width, height }, i) => {
    graph.setEdge(boxId(from), boxId(to), { width, height, labelpos: 'c' }, String(i));
  });
  layout(graph);
  return graph;
}

/** dagre knows no titles of groups: the first box inside a group that is too narrow is made as wide as its title. */
function roomForTitles(
  { boxes, groups }: LayoutInput,
  groupWidth: (id: string) => number,
): Map<string, number> {
  const parents = new Map(groups.map((g) => [g.id, g.parent]));
  const widths = new Map<string, number>();
  for (const { id, titleWidth } of groups) {
    if (groupWidth(id) >= titleWidth) continue;
    const within = (group: string | undefined): boolean =>
      group !== undefined && (group === id || within(parents.get(group)));
    const first = boxes.find((b) => within(b.group));
    if (first) widths.set(first.id, Math.max(titleWidth, widths.get(first.id) ?? 0));
  }
  return widths;
}

/** How far down a height moves when each frame's top gets room for a title below it; equal tops share it. */
function titleShift(frames: readonly Rectangle[]): (y: number) => number {
  const tops: number[] = [];
  for (const top of frames.map((f) => f.y - f.height / 2).sort((a, b) => a - b)) {
    if (tops.length === 0 || top > tops[tops.length - 1] + 1) tops.push(top);
  }
  return (y) => titleRoom * tops.filter((top) => y > top + 1).length;
}

function stretched({ x, y, width, height }: Rectangle, down: (y: number) => number): Rectangle {
  const [top, bottom] = [y - height / 2, y + height / 2].map((edge) => edge + down(edge));
  return { x, y: (top + bottom) / 2, width, height: bottom - top };
}
