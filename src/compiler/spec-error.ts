import type { Diagnostic, LoadedSpec } from '../language/index.ts';

/** A spec with mistakes, or with warnings where those are denied; rendered by the command line with the lines it points at. */
export class SpecError extends Error {
  override readonly name = 'SpecError';
  readonly diagnostics: readonly Diagnostic[];
  readonly loaded: LoadedSpec;

  constructor(diagnostics: readonly Diagnostic[], loaded: LoadedSpec) {
    super(`${diagnostics.length} diagnostics of the spec`);
    this.diagnostics = diagnostics;
    this.loaded = loaded;
  }
}
