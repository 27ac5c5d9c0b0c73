import pc from 'picocolors';
import type { Diagnostic, LoadedSpec } from '../language/index.ts';
import { renderDiagnostic } from '../language/render.ts';
import { note } from './terminal.ts';

/** Diagnostics as text on stderr, and how many of each kind there are. */
export function showDiagnostics(diagnostics: readonly Diagnostic[], loaded: LoadedSpec): void {
  for (const d of diagnostics)
    note(`${renderDiagnostic(d, loaded.sources, { color: pc.isColorSupported })}\n`);
  const count = (severity: Diagnostic['severity'], paint: (text: string) => string): string[] => {
    const n = diagnostics.filter((d) => d.severity === severity).length;
    return n === 0 ? [] : [paint(`${n} ${severity}${n === 1 ? '' : 's'}`)];
  };
  note([...count('error', pc.red), ...count('warning', pc.yellow)].join(', '));
}
