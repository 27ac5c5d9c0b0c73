import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { StoredProgram } from '../../src/program/stored.ts';
import { archc, expectError, temporaryFolder } from './archc.ts';
import { TINY } from './tiny.ts';

const folder = temporaryFolder();

test('a program notes the target that it was compiled for, by default the one that runs anywhere', async () => {
  const noted = async (name: string, ...options: string[]) => {
    const output = join(folder, name);
    expect((await archc('compile', TINY, '--output', output, ...options)).code).toBe(0);
    const { plans } = JSON.parse(readFileSync(join(output, 'program.json'), 'utf8')) as StoredProgram;
    return plans.map(({ target }) => target);
  };
  expect(await noted('default')).toEqual(['webgpu-default']);
  expect(await noted('apple', '--target', 'apple')).toEqual(['apple']);
  expect(await noted('both', '--target', 'apple,cpu')).toEqual(['apple', 'cpu']);
});

test('an unknown target is refused with the list', async () => {
  const result = await archc('emit', 'plan', TINY, '--target', 'vga');
  expectError(result, 'unknown-target');
  expect(result.stderr).toMatch(/webgpu-default, .*amd-rdna3/);
});

test.each([
  ['no-op=plain', /no op "no-op"/],
  ['convolution=origami', /convolution has no kernel "origami"/],
  ['selective_scan=chunks', /computes no part/],
])('--kernel %s is refused', async (kernel, message) => {
  const result = await archc('emit', 'wgsl', TINY, '--kernel', kernel);
  expectError(result, 'unknown-kernel');
  expect(result.stderr).toMatch(message);
});

test('--why says for each node what there was to choose from', async () => {
  const result = await archc('emit', 'plan', TINY, '--why', '--json');
  const choices = JSON.parse(result.stdout) as {
    op: string;
    chosen: string;
    candidates: { name: string }[];
  }[];
  expect(choices.length).toBeGreaterThan(0);
  for (const { chosen, candidates } of choices) expect(candidates.map((c) => c.name)).toContain(chosen);
  expect((await archc('emit', 'plan', TINY, '--why')).stdout).toMatch(/^kernels for webgpu-default/);
});
