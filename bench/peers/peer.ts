import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Answer, Request } from './protocol.ts';

/** Another process that measures when it is asked to, and does nothing else meanwhile. */
export class Peer {
  readonly description: string;
  private readonly child: ChildProcessByStdio<Writable, Readable, null>;
  private readonly answers: AsyncIterator<string>;

  private constructor(child: Peer['child'], answers: Peer['answers'], description: string) {
    this.child = child;
    this.answers = answers;
    this.description = description;
  }

  /** `undefined` where it ends before it is ready; it has said why, on standard error. */
  static async start(command: string, args: readonly string[]): Promise<Peer | undefined> {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    child.on('error', (error) => console.error(`${command}: ${error.message}`));
    const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const first = await answers.next();
    if (first.done) return undefined;
    const { ready } = JSON.parse(first.value) as Answer & { readonly ready: string };
    return new Peer(child, answers, ready);
  }

  /** Milliseconds of the best run. */
  async measure(request: Request): Promise<Exclude<Answer, { readonly ready: string }>> {
    this.child.stdin.write(`${JSON.stringify(request)}\n`);
    const { done, value } = await this.answers.next();
    if (done) throw new Error(`${this.description} has ended`);
    return JSON.parse(value) as Exclude<Answer, { readonly ready: string }>;
  }

  close(): void {
    this.child.stdin.end();
  }
}
