import { sameShape } from '../ir/graph.ts';
import type { ModelCost, ModuleCost } from './cost.ts';
import { follows, type ModuleTree, moduleTree, repeatedName } from './module-tree.ts';

/** A line of the table of costs: one module, or `count` equal ones of a list, whose costs it sums. */
export interface CostRow {
  readonly depth: number;
  /** `layers.2`, `blocks.0 … blocks.8 (9×)`, `` for the model, `(itself)` for what is in no inner module. */
  readonly name: string;
  readonly block: string;
  readonly count: number;
  readonly params: number;
  readonly macs: number;
  readonly output: readonly number[];
  /** No row below divides this one further: such rows sum to the model's totals. */
  readonly leaf: boolean;
}

type Tree = ModuleTree<ModuleCost>;

/** Costs by module down to `depth` (0: the model alone), each followed by those inside it. */
export function costRows(cost: ModelCost, depth: number): CostRow[] {
  const rows: CostRow[] = [];
  const add = (run: readonly Tree[], times: number) => {
    const [first] = run;
    const count = run.length * times;
    const { block, params, macs, output } = first.module;
    const opened = first.depth < depth && first.children.length > 0;
    const name = repeatedName(first.name, run[run.length - 1].name, run.length);
    const own = { depth: first.depth, name, block, count, output };
    rows.push({ ...own, params: params * count, macs: macs * count, leaf: !opened });
    if (!opened) return;
    for (const inner of runsOf(first.children)) add(inner, count);
    const rest = (of: (m: ModuleCost) => number) =>
      (of(first.module) - first.children.reduce((n, c) => n + of(c.module), 0)) * count;
    const itself = { params: rest((m) => m.params), macs: rest((m) => m.macs) };
    if (itself.params > 0 || itself.macs > 0) {
      const inner = { depth: first.depth + 1, name: '(itself)', block: '', count, output: [] };
      rows.push({ ...inner, ...itself, leaf: true });
    }
  };
  add([moduleTree(cost.modules)], 1);
  return rows;
}

/** Neighbours in a list that are alike, inside too, form a run. */
function runsOf(children: readonly Tree[]): Tree[][] {
  const runs: Tree[][] = [];
  for (const child of children) {
    const run = runs.at(-1);
    const last = run?.at(-1);
    if (run && last && follows(last.name, child.name) && alike(last, child)) run.push(child);
    else runs.push([child]);
  }
  return runs;
}

function alike(a: Tree, b: Tree): boolean {
  return (
    a.module.block === b.module.block &&
    a.module.params === b.module.params &&
    a.module.macs === b.module.macs &&
    sameShape(a.module.output, b.module.output) &&
    a.children.length === b.children.length &&
    a.children.every((child, i) => child.name === b.children[i].name && alike(child, b.children[i]))
  );
}
