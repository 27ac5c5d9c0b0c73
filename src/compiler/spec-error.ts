import type { Diagnostic, Program } from '../language/index.ts';

/** A spec with mistakes; rendered by the command line with the lines it points at. */
export class SpecError extends Error {
  override readonly name = 'SpecError';
  readonly diagnostics: readonly Diagnostic[];
  readonly program: Program;

  constructor(diagnostics: readonly Diagnostic[], program: Program) {
    super(`${diagnostics.length} mistakes in the spec`);
    this.diagnostics = diagnostics;
    this.program = program;
  }
}
