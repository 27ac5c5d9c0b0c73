import type { Diagnostic } from './diagnostics/index.ts';
export function renderDiagnostic(
  d: Diagnostic,
  _sources: ReadonlyMap<string, string>,
  _o: { color: boolean },
): string {
  return `${d.severity}[${d.code}]: ${d.message} ${d.span.file}:${d.span.line}:${d.span.column}\n  ${d.labels.map((l) => l.text).join(' | ')}\n  ${d.notes.join(' | ')}\n  try: ${d.hint}`;
}
