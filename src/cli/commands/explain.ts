import type { Command } from 'commander';
import { InputError } from '../../errors.ts';
import { type DiagnosticCode, diagnosticTable } from '../../language/index.ts';
import { editDistance } from '../../language/suggest.ts';
import { printJson, printLine } from '../terminal.ts';

interface ExplainOptions {
  readonly list?: boolean;
  readonly json?: boolean;
}

/** Codes named where the one asked for does not exist. */
const SUGGESTIONS = 3;

export function register(program: Command): void {
  program
    .command('explain')
    .description('what a diagnostic means, at length')
    .argument('[code]', 'a code as in error[CODE]')
    .option('--list', 'all codes with their messages')
    .option('--json', 'print one JSON document on stdout')
    .action((code: string | undefined, options: ExplainOptions) => {
      if (options.list) {
        if (code !== undefined)
          throw new InputError('bad-value', `--list takes no code, found ${code}`, `archc explain ${code}`);
        list(options.json ?? false);
      } else if (code === undefined) {
        throw new InputError(
          'missing-argument',
          'explain needs the code of a diagnostic',
          'archc explain --list',
        );
      } else explain(code, options.json ?? false);
    });
}

const codes = Object.keys(diagnosticTable) as readonly DiagnosticCode[];

function list(json: boolean): void {
  if (json) {
    printJson(codes.map((code) => ({ code, ...diagnosticTable[code] })));
    return;
  }
  const width = Math.max(...codes.map((code) => code.length));
  for (const code of codes) printLine(`${code.padEnd(width)}  ${diagnosticTable[code].message}`);
}

function explain(given: string, json: boolean): void {
  // As pasted out of a message: error[shape-mismatch].
  const wanted = given.replace(/^(?:error|warning)?\[(.*)\]$/, '$1');
  const code = codes.find((known) => known === wanted);
  if (code === undefined) {
    throw new InputError(
      'unknown-code',
      `no diagnostic of the language has the code ${wanted}`,
      `${nearestCodes(wanted).join(', ')} (archc explain --list shows all)`,
    );
  }
  const { severity, message, hint, explanation } = diagnosticTable[code];
  if (json) printJson({ code, severity, message, hint, explanation });
  else printLine(`${severity}[${code}]: ${message}\n\n${explanation}\n\n  = try: ${hint}`);
}

function nearestCodes(wanted: string): string[] {
  return [...codes]
    .map((code) => ({ code, distance: editDistance(wanted, code) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, SUGGESTIONS)
    .map(({ code }) => code);
}
