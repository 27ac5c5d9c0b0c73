import type { Span } from './layout.ts';

const ALIGNMENT = 16;

/** Hands out pieces of a stretch of memory, in which copies wait to be taken to their place. */
export class Staging {
  private readonly span: Span;
  /** What is taken, in the order of addresses. */
  private readonly taken: Span[] = [];

  constructor(span: Span) {
    this.span = span;
  }

  /** The address of so many bytes; `undefined` where there is no such room now. */
  take(bytes: number): number | undefined {
    let start = this.span.start;
    let index = 0;
    for (const piece of this.taken) {
      if (start + bytes <= piece.start) break;
      start = Math.ceil(piece.end / ALIGNMENT) * ALIGNMENT;
      index++;
    }
    if (start + bytes > this.span.end) return undefined;
    // Nothing takes a place, too: each piece has an address of its own.
    this.taken.splice(index, 0, { start, end: start + Math.max(bytes, 1) });
    return start;
  }

  free(start: number): void {
    const index = this.taken.findIndex((piece) => piece.start === start);
    if (index >= 0) this.taken.splice(index, 1);
  }
}
