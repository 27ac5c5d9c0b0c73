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
const MOST_ROUNDS = 8;
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
  private made: Recomputation | undefined;
  private first: FittedEntry | undefined;
  private least: FittedEntry | undefined;

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
      this.first ??= this.fitted(this.whole, undefined);
      if (this.first.bytes <= room) return this.first;
      const { peak } = this.recomputation;
      let best: FittedEntry | undefined;
      // Budgets up to `low` are kept to, or are too little to be worth a plan; those from `high` on do not fit.
      let [low, high] = [0, peak];
      let budget = peak * Math.min(room / this.first.bytes, CLOSE);
      for (let round = 0; round < MOST_ROUNDS && high - low > (1 - CLOSE) * high; round++) {
        const found = this.keepingTo(budget);
        if (found && found.bytes > room) high = budget;
        else {
          low = budget;
          best = found ?? best;
          if (best && best.bytes >= CLOSE * room) break;
        }
        // At first as if the plan took in proportion to the estimate.
        budget = low > 0 || !found ? (low + high) / 2 : Math.min(0.95, room / found.bytes) * budget;
      }
      return best ?? this.smallest();
    });
  }

  /** The smallest plan that halving the budget finds: the same for all rooms, so that what was said to fit does. */
  private smallest(): FittedEntry {
    if (this.least) return this.least;
    let least = this.first!;
    let [low, high] = [0, this.recomputation.peak];
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const budget = (low + high) / 2;
      const found = this.keepingTo(budget);
      if (found) high = budget;
      else low = budget;
      if (found && found.bytes < least.bytes) least = found;
    }
    this.least = least;
    return least;
  }

  /** A plan with what the budget asks for; `undefined` where it is too little. */
  private keepingTo(budget: number): FittedEntry | undefined {
    const { graph, peak } = this.recomputation.within(budget);
    return peak <= budget ? this.fitted(this.plan(graph), budget) : undefined;
  }

  private get recomputation(): Recomputation {
    this.made ??= new Recomputation(this.graph, this.ops, this.options.target);
    return this.made;
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
