import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, expect, vi } from 'vitest';
import { main } from '../../src/cli/main.ts';

export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line in this process and gives what it wrote, without colours. */
export function archc(...args: string[]): Promise<Result> {
  return archcWatching(() => {}, ...args);
}

/** The same; `watch` is told what is written to stderr while the command runs. */
export async function archcWatching(watch: (text: string) => void, ...args: string[]): Promise<Result> {
  const written = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    vi.spyOn(process[stream], 'write').mockImplementation((chunk) => {
      const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
      written[stream] += text;
      if (stream === 'stderr') watch(text);
      return true;
    }),
  );
  try {
    const code = await main(args);
    const result = {
      code,
      stdout: stripVTControlCharacters(written.stdout),
      stderr: stripVTControlCharacters(written.stderr),
    };
    expectNoStack(result);
    return result;
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** No stack trace, and no error that the program did not foresee. */
export function expectNoStack({ stdout, stderr }: Result): void {
  for (const text of [stdout, stderr]) {
    expect(text).not.toMatch(/^\s+at .+:\d+:\d+\)?$/m);
    expect(text).not.toMatch(/\.[mc]?[tj]s:\d/);
    expect(text).not.toContain('internal error');
  }
}

/** The command ended with `error[code]` in the product's form: its exit code, empty stdout, something to try. */
export function expectError(result: Result, code: string, ...texts: (string | RegExp)[]): void {
  expect(result.stderr).toMatch(new RegExp(`^(.*\\n)*error\\[${code}\\]: \\S`));
  expect(result.stderr).toMatch(/= try: \S/);
  for (const text of texts) expect(result.stderr).toMatch(text);
  expect(result.stdout).toBe('');
  expect(result.code).toBe(2);
}

/** The same for a job that failed although its input was fine. */
export function expectFailure(result: Result, code: string, ...texts: (string | RegExp)[]): void {
  expectError({ ...result, code: result.code === 1 ? 2 : result.code }, code, ...texts);
  expect(result.code).toBe(1);
}

/** stdout as the one JSON document that it is. */
export function json(result: Result): Record<string, unknown> {
  return JSON.parse(result.stdout) as Record<string, unknown>;
}

/** A folder that is removed after the file's tests. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'archc-cli-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** All files below a folder, hidden ones too, as sorted relative paths; folders end in /. */
export function tree(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => (statSync(join(folder, name)).isDirectory() ? `${name}/` : name))
    .sort();
}
