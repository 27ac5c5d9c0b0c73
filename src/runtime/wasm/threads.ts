import { RuntimeError } from '../runtime-error.ts';
import type { WasmMemory, WasmModule } from './engine.ts';
import { isNode, nodeModule } from './host.ts';

/** What a thread is given. */
export interface Task {
  readonly module: WasmModule;
  readonly memory: WasmMemory;
  /** Address of its own memory. */
  readonly scratch: number;
}

/** A kernel that stopped; where is in the stack, as engines write it. */
export interface Trap {
  readonly message: string;
  readonly stack: string;
}

/** What a thread tells: that it is there, the number of a signal, or how it ended. */
type Message = 'ready' | number | Trap;

const WORK = `
const work = ({ module, memory, scratch }, post) => {
  try {
    const { exports } = new WebAssembly.Instance(module, { env: { memory, done: (signal) => post(signal) } });
    post('ready');
    exports.walk(scratch, 1);
  } catch (error) {
    post({ message: String(error?.message ?? error), stack: String(error?.stack) });
  }
};`;

const NODE_WORKER = `${WORK}
const { parentPort } = require('node:worker_threads');
parentPort.once('message', (task) => work(task, (message) => parentPort.postMessage(message)));
`;

/**
 * What a thread runs in browsers and Deno, as a module. Pages whose content security policy forbids workers made of texts
 * serve it as a file, and give its address.
 */
export const workerScript = `${WORK}
self.onmessage = ({ data }) => work(data, (message) => self.postMessage(message));
`;

export interface ThreadEvents {
  ready(): void;
  signal(number: number): void;
  /** It ended, though nobody ended it. */
  failed(error: Trap): void;
}

/** A thread of the device. */
export interface Thread {
  start(task: Task): void;
  /** Whether it keeps the process alive; at first it does. */
  hold(wanted: boolean): void;
  end(): void;
}

/**
 * Starts a thread, which then waits for its task.
 *
 * @param script address of {@link workerScript}, in browsers
 * @throws RuntimeError `wasm-threads` where the host gives none
 */
export function startThread(events: ThreadEvents, script?: string | URL): Thread {
  const receive = (message: Message): void => {
    if (message === 'ready') events.ready();
    else if (typeof message === 'number') events.signal(message);
    else events.failed(message);
  };
  try {
    return isNode ? nodeThread(receive, events) : webThread(receive, events, script);
  } catch (error) {
    if (error instanceof RuntimeError) throw error;
    throw new RuntimeError('wasm-threads', `no thread can be started: ${(error as Error).message}`);
  }
}

interface NodeWorker {
  on(event: 'message', listener: (message: Message) => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
  on(event: 'exit', listener: (code: number) => void): void;
  postMessage(message: unknown): void;
  ref(): void;
  unref(): void;
  terminate(): Promise<number>;
}

interface NodeThreads {
  readonly Worker: new (
    source: string,
    options: {
      readonly eval: true;
      readonly execArgv: readonly string[];
      readonly env: object;
      readonly name: string;
    },
  ) => NodeWorker;
}

function nodeThread(receive: (message: Message) => void, events: ThreadEvents): Thread {
  const threads = nodeModule<NodeThreads>('node:worker_threads');
  if (!threads) throw new RuntimeError('wasm-threads', 'threads need Node 20.16 or newer');
  // Neither loaders nor settings of the process are for it: it starts in a third of the time.
  const options = { eval: true, execArgv: [], env: {}, name: 'archc kernels' } as const;
  const worker = new threads.Worker(NODE_WORKER, options);
  let ended = false;
  worker.on('message', receive);
  worker.on('error', ({ message, stack }) => {
    if (!ended) events.failed({ message, stack: stack ?? '' });
  });
  worker.on('exit', (code) => {
    if (!ended) events.failed({ message: `a thread ended with code ${code}`, stack: '' });
  });
  return {
    start: (task) => worker.postMessage(task),
    hold: (wanted) => (wanted ? worker.ref() : worker.unref()),
    end: () => {
      ended = true;
      void worker.terminate();
    },
  };
}

interface WebWorker {
  onmessage: (event: { readonly data: Message }) => void;
  onerror: (event: { readonly message?: string; preventDefault(): void }) => void;
  postMessage(message: unknown): void;
  terminate(): void;
}

function webThread(
  receive: (message: Message) => void,
  events: ThreadEvents,
  script: string | URL | undefined,
): Thread {
  const { Worker } = globalThis as unknown as {
    readonly Worker?: new (url: string | URL, options: { readonly type: 'module' }) => WebWorker;
  };
  if (!Worker) throw new RuntimeError('wasm-threads', 'there are no workers here');
  const own =
    script === undefined
      ? URL.createObjectURL(new Blob([workerScript], { type: 'text/javascript' }))
      : undefined;
  const worker = new Worker(script ?? own!, { type: 'module' });
  const forget = (): void => {
    if (own !== undefined) URL.revokeObjectURL(own);
  };
  worker.onmessage = ({ data }) => {
    // Its text has been read by now.
    if (data === 'ready') forget();
    receive(data);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    forget();
    events.failed({ message: event.message || 'a worker cannot be started', stack: '' });
  };
  return {
    start: (task) => worker.postMessage(task),
    hold: () => {},
    end: () => {
      worker.onmessage = () => {};
      worker.onerror = (event) => event.preventDefault();
      forget();
      worker.terminate();
    },
  };
}
