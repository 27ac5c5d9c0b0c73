import type { KernelBackend, KernelExecutable } from '../backend/kernels.ts';
import type { Batches } from '../data/batches.ts';
import type { DispatchTime } from '../runtime/session.ts';

/** The dispatches of a step that one kind of kernel does. */
export interface KernelTime {
  readonly kernel: string;
  readonly dispatches: number;
  readonly milliseconds: number;
}

/** Where the time of training went. */
export interface ProfileReport {
  /** Without the first step, validations and checkpoints; `null` where there are no two steps. */
  readonly steps_per_second: number | null;
  /** The share of that time in which the next batch was waited for, or made. */
  readonly waited: number | null;
  /** Of one more step, the slowest first; `null` where the device has no clock for it. */
  readonly kernels: readonly KernelTime[] | null;
}

/** Measures a run while it trains. Times are in milliseconds. */
export class Profile {
  private waited = 0;
  private aside = 0;
  private steps = 0;
  private first = 0;
  /** As of the last step. */
  private last = { now: 0, waited: 0, aside: 0 };
  private kernels: readonly KernelTime[] | null = null;

  /** The same batches; how long each takes to come is noted. */
  watch(batches: Batches): Batches {
    return {
      next: async () => {
        const before = performance.now();
        const batch = await batches.next();
        this.waited += performance.now() - before;
        return batch;
      },
      state: () => batches.state(),
      restore: (state) => batches.restore(state),
      close: () => batches.close(),
    };
  }

  /** A step was finished. */
  step(now: number): void {
    if (this.steps++ === 0) {
      // Until then threads start, files are opened, and kernels are made ready.
      this.first = now;
      this.waited = 0;
      this.aside = 0;
    }
    this.last = { now, waited: this.waited, aside: this.aside };
  }

  /** Time that was spent on something else than steps. */
  beside(milliseconds: number): void {
    this.aside += milliseconds;
  }

  /** Measures the kernels of a step by making one more: weights are others afterwards. */
  async measure(
    backend: KernelBackend,
    executable: KernelExecutable,
    entries: readonly string[],
  ): Promise<void> {
    const times = await backend.profile(executable, entries);
    this.kernels = times ? byKernel(times) : null;
  }

  report(): ProfileReport {
    const { kernels, steps } = this;
    if (steps < 2) return { steps_per_second: null, waited: null, kernels };
    const milliseconds = this.last.now - this.first - this.last.aside;
    const waited = Math.min(1, this.last.waited / milliseconds);
    return { steps_per_second: ((steps - 1) * 1000) / milliseconds, waited, kernels };
  }
}

/** The time in each kind of kernel, whatever its sizes, the most first. */
export function byKernel(times: readonly DispatchTime[]): KernelTime[] {
  const found = new Map<string, { dispatches: number; milliseconds: number }>();
  for (const { kernel: name, nanoseconds } of times) {
    const kernel = name.replace(/^\d+-/, '');
    const { dispatches, milliseconds } = found.get(kernel) ?? { dispatches: 0, milliseconds: 0 };
    found.set(kernel, { dispatches: dispatches + 1, milliseconds: milliseconds + nanoseconds / 1e6 });
  }
  return [...found]
    .map(([kernel, time]) => ({ kernel, ...time }))
    .sort((a, b) => b.milliseconds - a.milliseconds);
}
