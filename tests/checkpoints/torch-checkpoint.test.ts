import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../src/errors.ts';
import { readSafetensors } from '../../src/tensors/safetensors.ts';
import { toFloat32 } from '../../src/tensors/tensor.ts';
import { readTorchCheckpoint } from '../../src/tensors/torch-checkpoint.ts';

const file = (name: string) => fileURLToPath(new URL(`../fixtures/checkpoints/${name}`, import.meta.url));

function errorOf(run: () => unknown): InputError {
  try {
    run();
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error('no error');
}

describe('readTorchCheckpoint', () => {
  test.each(['vmamba-zip.pth', 'vmamba-legacy.pth'])(
    '%s equals the safetensors of the same values',
    (name) => {
      const expected = readSafetensors(file('vmamba.safetensors')).tensors;
      const actual = readTorchCheckpoint(file(name));
      expect([...actual.keys()].sort()).toEqual([...expected.keys()].sort());
      for (const [key, tensor] of expected) {
        expect(actual.get(key)!.shape, key).toEqual(tensor.shape);
        expect(toFloat32(actual.get(key)!), key).toEqual(toFloat32(tensor));
      }
    },
  );

  test('half precision is the values rounded to float16', () => {
    const expected = readSafetensors(file('vmamba.safetensors')).tensors;
    const actual = readTorchCheckpoint(file('half.pth'));
    expect(actual.size).toBe(expected.size);
    for (const [key, tensor] of expected) {
      const full = toFloat32(tensor);
      toFloat32(actual.get(key)!).forEach((v, i) => {
        // Half of the last of 11 bits, and the smallest subnormal for tiny values.
        expect(Math.abs(v - full[i])).toBeLessThanOrEqual(Math.abs(full[i]) * 2 ** -11 + 2 ** -25);
      });
    }
  });

  test('views, shared storages, scalars and other types', () => {
    const expected = readSafetensors(file('views.safetensors')).tensors;
    const actual = readTorchCheckpoint(file('views.pth'));
    expect([...actual.keys()].sort()).toEqual([...expected.keys()].sort());
    for (const [key, tensor] of expected) {
      expect(actual.get(key)!.shape, key).toEqual(tensor.shape);
      expect(Array.from(toFloat32(actual.get(key)!)), key).toEqual(Array.from(toFloat32(tensor)));
    }
  });

  test('a file that would run a command is refused by the name of what it asks for', () => {
    const error = errorOf(() => readTorchCheckpoint(file('hostile.pth')));
    expect(error.code).toBe('unsafe-pickle');
    expect(error.message).toContain('posix.system');
    expect(existsSync('PWNED')).toBe(false);
  });

  test('damaged files are refused', () => {
    expect(errorOf(() => readTorchCheckpoint(file('truncated.pth'))).message).toContain('truncated.pth');
    const folder = mkdtempSync(join(tmpdir(), 'archc-pth-'));
    for (const name of ['vmamba-legacy.pth', 'views.pth']) {
      const whole = readFileSync(file(name));
      // Cut anywhere, the file must give an InputError, never another.
      for (let k = 1; k < 40; k++) {
        const path = join(folder, `${k}-${name}`);
        writeFileSync(path, whole.subarray(0, Math.floor((whole.length * k) / 40)));
        expect(['bad-checkpoint-file', 'bad-pickle']).toContain(
          errorOf(() => readTorchCheckpoint(path)).code,
        );
      }
    }
    const text = join(folder, 'text.pth');
    writeFileSync(text, 'not a checkpoint');
    expect(errorOf(() => readTorchCheckpoint(text)).code).toBe('bad-checkpoint-file');
  });
});
