import type { Graph } from '../ir/graph.ts';
import type { OpTable } from '../ir/op.ts';
import type { Precision } from '../ir/storage.ts';
import type { Target } from '../ir/target.ts';
import { requireSound, runPasses } from '../passes/index.ts';
import { Recomputation, recompute } from '../passes/recompute/index.ts';
import { valuesBytes } from './budget.ts';
import type { ForcedKernels } from './candidates.ts';
import { planUnits } from './fuse.ts';
import { addLate } from './late-sums.ts';
import { type EntryUnits, planMemory } from './memory.ts';
import { ofEntry } from './plan-error.ts';
import { placeUpdates } from './updates.ts';
import { findViews } from './views.ts';

/** What an entry is planned for. */
interface EntryOptions {
  readonly target: Target;
  readonly kernels?: ForcedKernels;
  readonly precision?: Precision;
  readonly verify?: boolean;
}

/** A plan of an entry, and the bytes of values that it takes by itself. */
export interface FittedEntry {
  readonly entry: EntryUnits;
  readonly bytes: number;
  /** What the pass `recompute` was told to keep to; `undefined` where nothing is computed again. */
  readonly budget: number | undefined;
}

/** Plans with recomputation that are tried at most. */
const MOST_ROUNDS = 10;
/** A plan that uses this share of the room is good enough. */
const CLOSE = 0.97;

/** An entry with its kernels, without recomputation and with as much as it takes to fit somewhere. */
export class EntryPlans {
  readonly whole: EntryUnits;
  private readonly name: string;
  private readonly ops: OpTable;
  private readonly options: EntryOptions;
  /** As it comes to `recompute`. */
  private readonly graph: Graph;

  constructor(name: string, graph: Graph, ops: OpTable, options: EntryOptions) {
    this.name = name;
    this.ops = ops;
    this.options = options;
    const { target, verify } = options;
    this.graph = runPasses(graph, { ops, target }, { verify, before: recompute.name });
    this.whole = this.plan(this.graph);
  }

  /**
   * A plan within `room` bytes of values, with as little recomputation as a few attempts find; where none fits, the
   * smallest. What the pass estimates is not what a plan takes: it knows roughly what kernels keep to themselves, and
   * nothing of the memory that they work in, or of gaps between values.
   */
  within(room: number): FittedEntry {
    return ofEntry(this.name, () => {
      let least = this.fitted(this.whole, undefined);
      if (least.bytes <= room) return least;
      const { ops, options } = this;
      const recomputation = new Recomputation(this.graph, ops, options.target);
      const { peak } = recomputation;
      // Budgets below `low` are not worth a plan, those above `high` give one that does not fit.
      let [low, high] = [0, peak];
      let best: FittedEntry | undefined;
      let budget = peak * Math.min(room / least.bytes, CLOSE);
      for (let round = 0; round < MOST_ROUNDS && high - low > (1 - CLOSE) * high; round++) {
        const within = recomputation.within(budget);
        const found = within.peak <= budget ? this.fitted(this.plan(within.graph), budget) : undefined;
        if (found && found.bytes < least.bytes) least = found;
        if (found && found.bytes <= room) best = found;
        if (best && best.bytes >= CLOSE * room) break;
        if (found === undefined || found.bytes <= room) low = budget;
        else high = budget;
        // At first as if the plan took in proportion to the estimate.
        budget = low > 0 || !found ? (low + high) / 2 : Math.min(0.95, room / found.bytes) * budget;
      }
      return best ?? least;
    });
  }

  private plan(changed: Graph): EntryUnits {
    const { name, ops } = this;
    const { target, kernels, precision, verify } = this.options;
    const passed = runPasses(changed, { ops, target, precision }, { verify, from: recompute.name });
    const { graph, into, apart } = placeUpdates(passed, ops);
    if (verify) requireSound(graph, ops, 'where updates have their places', { placed: true });
    const views = findViews(graph, ops);
    const units = planUnits(graph, ops, views, target, kernels, apart);
    return { name, graph, views, into, ...addLate(graph, units, views, target) };
  }

  private fitted(entry: EntryUnits, budget: number | undefined): FittedEntry {
    const { buffers } = planMemory([entry], this.options.target.limits);
    return { entry, bytes: valuesBytes(buffers), budget };
  }
}
