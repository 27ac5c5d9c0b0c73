import { elementCount, type Node, type Shape, type ValueId } from '../ir/graph.ts';
import type { ElaboratedModel } from '../language/model.ts';
import { follows, insideModule, type ModuleTree, moduleTree, repeatedName } from './module-tree.ts';

/** What a drawing shows as one shape: a module, an op between modules, an input or an output. */
export interface GraphBox {
  readonly id: string;
  readonly kind: 'module' | 'op' | 'input' | 'output';
  /** Within its group; `blocks.0 … blocks.8 (9×)` for a chain of equal modules. */
  readonly name: string;
  /** Block type of a module, else ``. */
  readonly block: string;
  /** Shape of the last value computed in it; `[]` also where it computes nothing. */
  readonly shape: Shape;
  readonly params: number;
  readonly group: string | undefined;
}

/** A module that is opened: a frame around the boxes and groups that name it. */
export interface GraphGroup {
  readonly id: string;
  readonly name: string;
  readonly block: string;
  readonly params: number;
  readonly parent: string | undefined;
}

/** A tensor from one box to another, in the shape in which it arrives. */
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly shape: Shape;
}

export interface ModuleGraph {
  readonly title: string;
  readonly params: number;
  readonly boxes: readonly GraphBox[];
  readonly groups: readonly GraphGroup[];
  readonly edges: readonly GraphEdge[];
}

/** Ops that keep every element and only order them otherwise: part of an arrow, not a box. */
const layoutOps = new Set(['reshape', 'permute']);

/**
 * The graph of a model by modules. Modules down to `depth` are opened (1: the model's own parts are boxes);
 * deeper ones, and those with no module inside, are boxes. Ops that belong to an opened module stand between
 * its boxes. Chains of equal neighbours in a list become one box. The boxes' parameters sum to the model's.
 */
export function moduleGraph(model: ElaboratedModel, depth: number): ModuleGraph {
  const { values, nodes } = model.graph;
  const places = placesOf(model, depth);
  const boxes = new Map<string, Box>();
  const edges = new Map<string, Edge>();
  /** Box that a value comes out of; values computed from weights alone come out of none. */
  const origin = new Map<ValueId, string>();
  /** Parameters of opened modules that a value is made of and that no box counts yet. */
  const weights = new Map<ValueId, Set<string>>();
  const sizes = new Map<string, number>();

  for (const { name, value, shape } of model.inputs) {
    boxes.set(`input ${name}`, box({ id: `input ${name}`, kind: 'input', name, shape }));
    origin.set(value, `input ${name}`);
  }
  for (const place of places.boxes) boxes.set(place.id, place);
  for (const { name, value, shape } of model.parameters) {
    const owner = places.find(name.slice(0, Math.max(0, name.lastIndexOf('.'))));
    const size = elementCount(shape);
    if (owner.box) boxes.get(owner.box)!.params += size;
    else weights.set(value, new Set([name]));
    sizes.set(name, size);
  }

  const connect = (to: string, arriving: readonly ValueId[]) => {
    for (const value of arriving) {
      const from = origin.get(value);
      if (from === undefined || from === to) continue;
      edges.set(`${from} ${value} ${to}`, { from, to, shape: values[value].shape });
    }
  };
  const claim = (into: Box, arriving: readonly ValueId[]) => {
    for (const name of arriving.flatMap((v) => [...(weights.get(v) ?? [])])) {
      into.params += sizes.get(name) ?? 0;
      sizes.delete(name);
    }
  };
  const boxOf = (node: Node, index: number, data: readonly ValueId[]): Box | undefined => {
    const place = places.find(node.scope);
    if (place.box) return boxes.get(place.box)!;
    if (data.length === 0) return undefined;
    const id = `op ${index}`;
    const shape = values[node.outputs[0]].shape;
    const made = box({ id, kind: 'op', name: node.op, shape, group: place.group });
    boxes.set(id, made);
    return made;
  };

  nodes.forEach((node, index) => {
    const data = node.inputs.filter((v) => origin.has(v));
    const opened = places.find(node.scope).box === undefined;
    if (opened && data.length === 1 && node.inputs.length === 1 && layoutOps.has(node.op)) {
      for (const v of node.outputs) origin.set(v, origin.get(data[0])!);
      return;
    }
    const into = boxOf(node, index, data);
    if (!into) {
      const made = new Set(node.inputs.flatMap((v) => [...(weights.get(v) ?? [])]));
      for (const v of node.outputs) weights.set(v, made);
      return;
    }
    connect(into.id, data);
    claim(into, node.inputs);
    into.shape = values[node.outputs[0]].shape;
    into.used = true;
    for (const v of node.outputs) origin.set(v, into.id);
  });

  for (const { name, value } of model.outputs) {
    const id = `output ${name}`;
    boxes.set(id, box({ id, kind: 'output', name, shape: values[value].shape }));
    connect(id, [value]);
  }
  // A module that computes nothing and has no weights (drop path outside training) has nothing to show.
  const shown = [...boxes.values()].filter((b) => b.kind !== 'module' || b.used || b.params > 0);
  return {
    title: model.name,
    params: model.parameters.reduce((n, p) => n + elementCount(p.shape), 0),
    ...joinChains(shown, [...edges.values()]),
    groups: places.groups.filter((g) => shown.some((b) => b.group && insideModule(g.id, b.group))),
  };
}

/** A box while it is being filled. */
type Box = { -readonly [K in keyof GraphBox]: GraphBox[K] } & { used: boolean };
type Edge = { -readonly [K in keyof GraphEdge]: GraphEdge[K] };

function box(of: Partial<GraphBox> & Pick<GraphBox, 'id' | 'kind' | 'name'>): Box {
  return { block: '', shape: [], params: 0, group: undefined, used: false, ...of };
}

interface Places {
  readonly boxes: readonly Box[];
  readonly groups: readonly GraphGroup[];
  /** Where a module is shown: in a box, or, being opened, in a group (`undefined`: the model itself). */
  find(path: string): { readonly box?: string; readonly group?: string };
}

function placesOf(model: ElaboratedModel, depth: number): Places {
  const boxes: Box[] = [];
  const groups: GraphGroup[] = [];
  const shown = new Map<string, { box?: string; group?: string }>();
  const paramsOf = (path: string) =>
    model.parameters.reduce((n, p) => n + (insideModule(path, p.name) ? elementCount(p.shape) : 0), 0);
  const hide = (tree: ModuleTree<{ path: string; block: string }>, id: string) => {
    shown.set(tree.module.path, { box: id });
    for (const child of tree.children) hide(child, id);
  };
  const visit = (tree: ModuleTree<{ path: string; block: string }>, parent: string | undefined) => {
    const { path, block } = tree.module;
    const name = tree.name || model.name;
    if (tree.depth >= depth || (tree.depth > 0 && tree.children.length === 0)) {
      boxes.push(box({ id: `module ${path}`, kind: 'module', name, block, group: parent }));
      hide(tree, `module ${path}`);
      return;
    }
    shown.set(path, tree.depth === 0 ? {} : { group: path });
    if (tree.depth > 0) groups.push({ id: path, name, block, params: paramsOf(path), parent });
    for (const child of tree.children) visit(child, tree.depth === 0 ? undefined : path);
  };
  visit(moduleTree(model.modules), undefined);
  return {
    boxes,
    groups,
    find: (path) => {
      // A parameter's key may have dots of its own below its module (`weights.0`).
      for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf('.')))) {
        const place = shown.get(at);
        if (place) return place;
        if (at === '') return {};
      }
    },
  };
}

/** Makes one box of neighbours in a list that are alike and of which each feeds the next and nothing else. */
function joinChains(
  boxes: readonly Box[],
  edges: readonly Edge[],
): { readonly boxes: GraphBox[]; readonly edges: GraphEdge[] } {
  const joined: { first: Box; last: Box; count: number; params: number }[] = [];
  const into = new Map<string, string>();
  for (const next of boxes) {
    const run = joined.findLast((j) => next.kind === 'module' && j.last.group === next.group);
    if (run && run.last.kind === 'module' && chained(run.last, next, edges)) {
      run.last = next;
      run.count++;
      run.params += next.params;
      into.set(next.id, run.first.id);
    } else joined.push({ first: next, last: next, count: 1, params: next.params });
  }
  return {
    boxes: joined.map(({ first, last, count, params }): GraphBox => {
      const { id, kind, block, shape, group } = first;
      return { id, kind, name: repeatedName(first.name, last.name, count), block, shape, params, group };
    }),
    edges: edges
      .map((e) => ({ ...e, from: into.get(e.from) ?? e.from, to: into.get(e.to) ?? e.to }))
      .filter((e) => e.from !== e.to),
  };
}

function chained(a: Box, b: Box, edges: readonly Edge[]): boolean {
  const same = a.block === b.block && a.params === b.params && String(a.shape) === String(b.shape);
  const [out, into] = [edges.filter((e) => e.from === a.id), edges.filter((e) => e.to === b.id)];
  return same && follows(a.name, b.name) && out.length === 1 && into.length === 1 && out[0].to === b.id;
}
