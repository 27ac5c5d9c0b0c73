import type { Entry } from '../../language/diagnostics/entry.ts';
import { type DiagnosticCode, diagnosticTable } from '../../language/diagnostics/index.ts';
import { errorCodes } from './error-codes.ts';

/** What a code stands for: a diagnostic of a spec, an error of a command, or both. */
export interface CodePage {
  readonly code: string;
  /** Of a diagnostic. */
  readonly severity?: Entry['severity'];
  /** With … where a message names something; left out where nothing else is left of it. */
  readonly message?: string;
  readonly hint?: string;
  /** One paragraph for each meaning. */
  readonly explanations: readonly string[];
}

export const codeNames = (): string[] => [
  ...Object.keys(diagnosticTable),
  ...Object.keys(errorCodes).filter((code) => !Object.hasOwn(diagnosticTable, code)),
];

export function codePage(code: string): CodePage | undefined {
  const command = Object.hasOwn(errorCodes, code) ? [errorCodes[code]] : [];
  if (!Object.hasOwn(diagnosticTable, code)) {
    return command.length > 0 ? { code, explanations: command } : undefined;
  }
  const { severity, message, hint, explanation }: Entry = diagnosticTable[code as DiagnosticCode];
  return {
    code,
    severity,
    message: withoutPlaceholders(message),
    hint: withoutPlaceholders(hint),
    explanations: [explanation, ...command.map((text) => `Of a command: ${text}`)],
  };
}

/** `{name}` as …; nothing where a text consists of them. */
function withoutPlaceholders(text: string): string | undefined {
  const plain = text.replace(/\{\w+\}/g, '…');
  return /[a-z]/i.test(plain) ? plain : undefined;
}

/** One line for `--list`. */
export function summary({ message, explanations }: CodePage): string {
  return message ?? `${explanations[0].split(/(?<=\.) (?=[A-Z])/)[0]}`;
}

export function codeText({ code, severity, message, hint, explanations }: CodePage): string {
  const head = severity ? `${severity}[${code}]` : `error[${code}]`;
  const parts = [message ? `${head}: ${message}` : head, ...explanations];
  return [...parts, ...(hint ? [`  = try: ${hint}`] : [])].join('\n\n');
}
