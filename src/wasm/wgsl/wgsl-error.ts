/** A place in a WGSL text; both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A text is no WGSL, or uses what the subset of `src/wasm` leaves out. */
export class WgslError extends Error {
  override readonly name = 'WgslError';
  readonly line: number;
  readonly column: number;

  constructor(message: string, at: Position) {
    super(`${at.line}:${at.column}: ${message}`);
    this.line = at.line;
    this.column = at.column;
  }
}
