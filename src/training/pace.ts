/** Steps whose time says nothing: kernels are made ready, caches are cold. */
const WARM_STEPS = 2;
/** Steps after those that an estimate needs. */
const TIMED_STEPS = 3;
/** The shortest of so many steps is what the next one takes at least: one that stalls does not count. */
const RECENT_STEPS = 8;
/** Weight of the past in a step's mean time. */
const MOMENTUM = 0.95;
/** A plan is looked at again when this share of what is left of it is done, */
const REVIEW_SHARE = 0.05;
/** and changed where it is off by more than this share. */
const TOLERANCE = 0.02;

/**
 * How long steps take, learnt while they are made: a moving average of their times without the first, and beside it
 * what checkpoints and validations take. Times are in milliseconds of one clock.
 */
export class Pace {
  private last: number;
  private readonly recent: number[] = [];
  private seen = 0;
  private average = 0;
  private weight = 0;
  private aside = 0;
  private asideInStep = 0;

  /** @param now when the first step began */
  constructor(now: number) {
    this.last = now;
  }

  /** A step was finished. */
  step(now: number): void {
    const took = now - this.last - this.asideInStep;
    this.last = now;
    this.asideInStep = 0;
    if (++this.seen <= WARM_STEPS) {
      this.aside = 0;
      return;
    }
    this.recent.push(took);
    if (this.recent.length > RECENT_STEPS) this.recent.shift();
    this.average = MOMENTUM * this.average + (1 - MOMENTUM) * took;
    this.weight = MOMENTUM * this.weight + (1 - MOMENTUM);
  }

  /** Time between steps that was spent on something else, such as a checkpoint. */
  beside(milliseconds: number): void {
    this.aside += milliseconds;
    this.asideInStep += milliseconds;
  }

  /** Milliseconds that the step in work still takes at least; 0 where that is not known, or overdue. */
  untilNext(now: number): number {
    return this.recent.length === 0 ? 0 : Math.max(0, this.last + Math.min(...this.recent) - now);
  }

  /** Mean time of a step, its share of other work included; `undefined` until enough are done. */
  get perStep(): number | undefined {
    const timed = this.seen - WARM_STEPS;
    return timed < TIMED_STEPS ? undefined : this.average / this.weight + this.aside / timed;
  }
}

/** How many steps fit a deadline, from the pace of those that are done. */
export class Budget {
  private readonly deadline: number;
  private readonly asked: number;
  private review = 0;

  /** @param asked the most steps that are ever planned */
  constructor(deadline: number, asked: number) {
    this.deadline = deadline;
    this.asked = asked;
  }

  /**
   * The number of steps to plan for from now on, at least `submitted`.
   *
   * @param done steps that are finished
   * @param submitted steps that are on their way or finished
   */
  plan(steps: number, done: number, submitted: number, now: number, pace: Pace): number {
    if (now >= this.deadline) return Math.min(steps, submitted);
    const { perStep } = pace;
    if (perStep === undefined || done < this.review) return steps;
    const affordable = done + Math.floor((this.deadline - now) / perStep);
    const wanted = Math.min(Math.max(affordable, submitted), this.asked);
    const planned = Math.abs(wanted - steps) > TOLERANCE * steps ? wanted : steps;
    this.review = done + Math.max(1, Math.floor(REVIEW_SHARE * (planned - done)));
    return planned;
  }
}
