import { expect, test } from 'vitest';
import { diagnosticTable } from '../../src/language/index.ts';
import { archc, expectError, json } from './archc.ts';

const codes = Object.keys(diagnosticTable);

test('--list names every code once', async () => {
  const { code, stdout, stderr } = await archc('explain', '--list');
  expect([code, stderr]).toEqual([0, '']);
  const listed = stdout.trimEnd().split('\n');
  expect(listed.map((line) => line.split(' ')[0])).toEqual(codes);
  const document = JSON.parse((await archc('explain', '--list', '--json')).stdout) as { code: string }[];
  expect(document.map((entry) => entry.code)).toEqual(codes);
});

test('every code is explained at length', async () => {
  for (const [code, { message, explanation, hint }] of Object.entries(diagnosticTable)) {
    const { stdout } = await archc('explain', code);
    expect(stdout).toContain(`[${code}]: ${message}`);
    expect(stdout).toContain(explanation);
    expect(stdout).toContain(`= try: ${hint}`);
    expect(explanation).not.toBe(message);
  }
});

test('a code may be given as it stands in a message', async () => {
  const plain = await archc('explain', 'shape-mismatch');
  expect(await archc('explain', 'error[shape-mismatch]')).toEqual(plain);
  expect(json(await archc('explain', 'shape-mismatch', '--json'))).toMatchObject({
    code: 'shape-mismatch',
    explanation: diagnosticTable['shape-mismatch'].explanation,
  });
});

test('an unknown code ends with the nearest ones', async () => {
  expectError(await archc('explain', 'shpe-mismatch'), 'unknown-code', /= try: shape-mismatch/);
  expectError(await archc('explain', 'constructor'), 'unknown-code', /archc explain --list/);
});

test('no code, or one beside --list, is refused', async () => {
  expectError(await archc('explain'), 'missing-argument', /archc explain --list/);
  expectError(await archc('explain', 'not-text', '--list'), 'bad-value', /not-text/);
});
