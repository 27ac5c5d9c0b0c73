import { COMMAND, CONTROL, RING } from './memory-map.ts';

/** What to do, and with what: see {@link COMMAND}. */
export type Command = readonly [what: number, a?: number, b?: number, c?: number];

type Item =
  | { readonly command: Command; readonly after?: () => void }
  /** Done by the host, while the device has nothing to do. */
  | { readonly work: () => void }
  | { readonly signal: Waiter };

/** Who waits for a signal. */
interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * Commands for the device, done in the order in which they come. They go into a ring in the memory that the device
 * reads; what finds no room there, or is the host's to do once the device is idle, waits here. Nothing blocks the thread.
 */
export class CommandQueue {
  private readonly words: Int32Array;
  private readonly wake: () => void;
  private readonly waiting: Item[] = [];
  /** What is to be done after commands of the ring, by their numbers. */
  private readonly afterwards: { readonly command: number; readonly after: () => void }[] = [];
  /** In the order of the ring, as their numbers are. */
  private readonly signals: { readonly number: number; readonly waiter: Waiter }[] = [];
  private lastSignal = 0;
  /** Commands that were written; counts modulo 2³², as all that counts here. */
  private written = 0;
  /** Whether a signal is on its way upon which the waiting items are looked at again. */
  private looksAgain = false;
  private closed: Error | undefined;

  /** @param wake tells the device that there is a command; where it has no thread, runs it */
  constructor(memory: ArrayBuffer, wake: () => void) {
    this.words = new Int32Array(memory);
    this.wake = wake;
  }

  /** Whether all is done, so that the memory is the host's alone. */
  get idle(): boolean {
    return this.waiting.length === 0 && this.pending === 0;
  }

  /** @param after called some time after the command is done */
  add(command: Command, after?: () => void): void {
    this.enqueue({ command, after });
  }

  /** Has work done by the host, once all before is done and before anything later begins. */
  addWork(work: () => void): void {
    this.enqueue({ work });
  }

  /** Resolves once all before is done; rejects where that will never be. */
  signal(): Promise<void> {
    if (this.closed) return rejected(this.closed);
    const promise = new Promise<void>((resolve, reject) => {
      this.enqueue({ signal: { resolve, reject } });
    });
    // It may be that nobody waits for it.
    promise.catch(() => {});
    return promise;
  }

  /** The device has come to a signal. */
  done(number: number): void {
    // Messages of several threads may overtake each other.
    while (this.signals.length > 0 && reached(this.signals[0].number, number))
      this.signals.shift()!.waiter.resolve();
    this.proceed();
  }

  /** Nothing more is done. */
  close(error: Error): void {
    if (this.closed) return;
    this.closed = error;
    const waiters = this.signals.splice(0).map(({ waiter }) => waiter);
    for (const item of this.waiting.splice(0)) if ('signal' in item) waiters.push(item.signal);
    for (const { reject } of waiters) reject(error);
  }

  /** Does what is to be done after commands that are done by now. */
  collect(): void {
    const completed = Atomics.load(this.words, CONTROL.completed / 4);
    while (this.afterwards.length > 0 && reached((this.afterwards[0].command + 1) | 0, completed))
      this.afterwards.shift()!.after();
  }

  private get pending(): number {
    return (this.written - Atomics.load(this.words, CONTROL.completed / 4)) | 0;
  }

  private enqueue(item: Item): void {
    if (this.closed) return;
    this.waiting.push(item);
    this.proceed();
  }

  private proceed(): void {
    while (this.waiting.length > 0 && !this.closed) {
      const [item] = this.waiting;
      // One place in the ring is left for the signal below.
      const free = 'work' in item ? this.pending === 0 : this.pending < RING.length - 1;
      if (!free) {
        if (this.looksAgain) return;
        this.looksAgain = true;
        const seen = () => {
          this.looksAgain = false;
        };
        this.writeSignal({ resolve: seen, reject: seen });
        return;
      }
      this.waiting.shift();
      if ('work' in item) item.work();
      else if ('signal' in item) this.writeSignal(item.signal);
      else {
        if (item.after) this.afterwards.push({ command: this.written, after: item.after });
        this.write(item.command);
      }
    }
    this.collect();
  }

  private write(command: Command): void {
    const at = (RING.start + (this.written & (RING.length - 1)) * RING.stride) / 4;
    for (let k = 0; k < RING.stride / 4; k++) this.words[at + k] = command[k] ?? 0;
    this.written = (this.written + 1) | 0;
    Atomics.store(this.words, CONTROL.written / 4, this.written);
    this.wake();
  }

  private writeSignal(waiter: Waiter): void {
    this.lastSignal = (this.lastSignal + 1) | 0;
    this.signals.push({ number: this.lastSignal, waiter });
    this.write([COMMAND.signal, this.lastSignal]);
  }
}

/** Whether a count that wraps has come to `wanted`. */
const reached = (wanted: number, found: number): boolean => ((found - wanted) | 0) >= 0;

function rejected(error: Error): Promise<never> {
  const promise = Promise.reject(error);
  promise.catch(() => {});
  return promise;
}
