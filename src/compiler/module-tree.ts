/** A module instance with those inside it, in order of instantiation. */
export interface ModuleTree<Module extends { readonly path: string }> {
  readonly module: Module;
  /** The path from the module around it (`layers.0`); `` for the model itself. */
  readonly name: string;
  /** 0 for the model, 1 for what it is made of, and so on. */
  readonly depth: number;
  readonly children: readonly ModuleTree<Module>[];
}

/** Whether `name` (a scope, or a parameter's key) belongs to the module at `path` or to one inside it. */
export function insideModule(path: string, name: string): boolean {
  return path === '' || name === path || name.startsWith(`${path}.`);
}

/**
 * Nests a model's modules. A list's index is part of a name (`layers.0` is one module, not two), so depth
 * counts modules, not the dots of a path.
 */
export function moduleTree<Module extends { readonly path: string }>(
  modules: readonly Module[],
): ModuleTree<Module> {
  const known = new Set(modules.map((m) => m.path));
  const inside = new Map<string, Module[]>();
  for (const module of modules) {
    if (module.path === '') continue;
    const parent = parentPath(module.path, known);
    inside.set(parent, [...(inside.get(parent) ?? []), module]);
  }
  const nest = (module: Module, name: string, depth: number): ModuleTree<Module> => ({
    module,
    name,
    depth,
    children: (inside.get(module.path) ?? []).map((child) =>
      nest(child, module.path === '' ? child.path : child.path.slice(module.path.length + 1), depth + 1),
    ),
  });
  const root = modules.find((m) => m.path === '');
  if (!root) throw new Error('the modules lack the model itself, whose path is empty');
  return nest(root, '', 0);
}

function parentPath(path: string, known: ReadonlySet<string>): string {
  for (let at = path.lastIndexOf('.'); at > 0; at = path.lastIndexOf('.', at - 1)) {
    if (known.has(path.slice(0, at))) return path.slice(0, at);
  }
  return '';
}

/** `blocks.0` as its list and index; `undefined` where the name is no list's element. */
function listElement(name: string): { list: string; index: number } | undefined {
  const match = /^(.+)\.(\d+)$/.exec(name);
  return match ? { list: match[1], index: Number(match[2]) } : undefined;
}

/** Whether `b` comes right after `a` in the same list. */
export function follows(a: string, b: string): boolean {
  const [one, two] = [listElement(a), listElement(b)];
  return one !== undefined && one.list === two?.list && one.index + 1 === two.index;
}

/** `blocks.0 … blocks.8 (9×)`; the name alone for a single one. */
export function repeatedName(first: string, last: string, count: number): string {
  return count === 1 ? first : `${first} … ${last} (${count}×)`;
}
