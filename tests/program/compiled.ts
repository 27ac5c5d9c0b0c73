import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { archc, tree } from '../cli/archc.ts';

/** The files of a program that `archc compile` makes of a spec, by name. */
export async function compiled(folder: string, ...args: string[]): Promise<Map<string, Uint8Array>> {
  const result = await archc('compile', ...args, '--output', folder);
  expect(result.code, result.stderr).toBe(0);
  const names = tree(folder).filter((name) => !name.endsWith('/'));
  return new Map(names.map((name) => [name, new Uint8Array(readFileSync(join(folder, name)))]));
}

/** Files with program.json changed. */
export function withJson(files: ReadonlyMap<string, Uint8Array>, json: string): Map<string, Uint8Array> {
  return new Map([...files, ['program.json', new TextEncoder().encode(json)]]);
}

export const jsonOf = (files: ReadonlyMap<string, Uint8Array>): string =>
  new TextDecoder().decode(files.get('program.json'));

/** A device that must not be touched. */
export const untouchable = new Proxy({} as GPUDevice, {
  get(_, key) {
    throw new Error(`the device was asked for ${String(key)}`);
  },
});
