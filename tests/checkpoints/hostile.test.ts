import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { afterAll, expect, test } from 'vitest';
import { readTorchCheckpoint } from '../../src/tensors/torch-checkpoint.ts';
import { readTensors } from '../../src/training/weights-file.ts';
import { damages, fuzzCheckpoints } from './fuzz.ts';
import { bytes, call, dict, global, int, tensor, tuple, unicode } from './pickle-bytes.ts';

const folder = mkdtempSync(join(tmpdir(), 'archc-hostile-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(content: Uint8Array): string {
  const path = join(folder, 'weights.pth');
  writeFileSync(path, content);
  return path;
}

const storage = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);

/** An archive whose pickle is this. */
function archive(...pickle: readonly (number | string | readonly number[])[]): Uint8Array {
  const text = Uint8Array.from(bytes([0x80, 2], ...pickle, '.'));
  return zipSync({ 'a/data.pkl': text, 'a/data/0': storage }, { level: 0 });
}

const refused = (content: Uint8Array, message: RegExp, code = 'bad-checkpoint-file') => {
  const path = file(content);
  expect(() => readTorchCheckpoint(path)).toThrow(expect.objectContaining({ name: 'InputError', code }));
  expect(() => readTorchCheckpoint(path)).toThrow(message);
};

test('expanded and shared weights are read', () => {
  const path = file(archive(dict(['a', tensor('0', [3, 4], [0, 1])], ['b', tensor('0', [2], [2], 1)])));
  const tensors = readTorchCheckpoint(path);
  expect(tensors.get('a')).toMatchObject({
    shape: [3, 4],
    data: Float32Array.of(1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4),
  });
  expect(tensors.get('b')).toMatchObject({ shape: [2], data: Float32Array.of(2, 4) });
});

test.each([
  ['an axis of stride 0', [tensor('0', [1e9], [0])]],
  ['a shape that is no number', [tensor('0', Array<number>(40).fill(2 ** 50), Array<number>(40).fill(0))]],
  ['overlapping views', [tensor('0', Array<number>(34).fill(2), Array<number>(34).fill(0))]],
  ['views that are large only together', Array<number[]>(40).fill(tensor('0', [2 ** 20], [0]))],
])('%s with a huge shape is refused before it is made', (_name, tensors) => {
  const entries = tensors.map((t, i) => [`t${i}`, t] as const);
  refused(archive(dict(...entries)), /^.*weights\.pth: t\d+ \[[\d, ]+\] takes \S+ bytes, .*16 are stored$/);
});

test('views beyond their storage, of more axes than PyTorch has, and empty ones', () => {
  refused(archive(dict(['a', tensor('0', [2, 4], [1, 1])])), /a reaches beyond its storage/);
  refused(archive(dict(['a', tensor('0', [4], [1], 1)])), /a reaches beyond its storage/);
  const ones = Array<number>(65).fill(1);
  refused(archive(dict(['a', tensor('0', ones, ones)])), /described wrongly/);
  refused(archive(dict(['a', tensor('1', [4], [1])])), /storage 1 is missing/);
  const path = file(archive(dict(['a', tensor('0', [0, 5], [5, 1])])));
  expect(readTorchCheckpoint(path).get('a')).toMatchObject({ shape: [0, 5], data: new Float32Array(0) });
});

test('an archive that unfolds to far more than it is', () => {
  const pickle = Uint8Array.from(bytes([0x80, 2], dict(['a', tensor('0', [4], [1])]), '.'));
  const bomb = zipSync({ 'a/data.pkl': pickle, 'a/data/0': new Uint8Array(64 * 2 ** 20) });
  expect(bomb.length).toBeLessThan(2 ** 20);
  refused(bomb, /no whole zip archive \(\d+ bytes that would unfold to 671\d+\)/);
});

test('an archive whose directory lies', () => {
  const good = archive(dict(['a', tensor('0', [4], [1])]));
  const view = new DataView(good.buffer, good.byteOffset, good.byteLength);
  const end = good.length - 22;
  const directory = view.getUint32(end + 16, true);
  const lie = (at: number, value: number) => {
    const copy = good.slice();
    new DataView(copy.buffer).setUint32(at, value, true);
    return copy;
  };
  refused(lie(directory + 20, 2 ** 31), /announced with 2147483648 bytes/);
  refused(lie(directory + 24, 2 ** 31), /has two sizes/);
  refused(lie(end + 16, 2 ** 31), /no whole zip archive/);
  // The same entry again and again.
  refused(lie(end + 8, 0xffff_ffff), /no whole zip archive/);
});

test('values that hold themselves', () => {
  // A list of two references to a list of two references …: 2^40 elements once it is spelt out.
  const lists = Array.from({ length: 40 }, (_, i) => bytes(']', '(', 'h', i, 'h', i, 'e', 'q', i + 1));
  const laughs = tuple(bytes(']', 'q', 0), ...lists);
  refused(archive('}', laughs, int(1), 's'), /holds no tensors/);
  const key = bytes(
    tuple(unicode('storage'), global('torch', 'FloatStorage'), laughs, unicode('cpu'), int(1)),
    'Q',
  );
  refused(archive(key), /a storage has no name/);
  refused(archive(laughs, laughs, 0x93), /a name is no text/, 'bad-pickle');
  refused(
    archive(dict(['a', tensor('0', [4], [1])]), laughs, tensor('0', [4], [1]), 's'),
    /a tensor has no name/,
  );
  // A dictionary that is its own `model`.
  refused(archive('}', 'q', 0, unicode('model'), 'h', 0, 's'), /no dictionary of tensors/);
});

test('damage in a pickle, and names that would steer the terminal', () => {
  refused(
    archive(call(global('torch._utils', '_rebuild_parameter'))),
    /which loading weights/,
    'unsafe-pickle',
  );
  refused(archive('X', [0xff, 0xff, 0xff, 0xff]), /ends too early/, 'bad-pickle');
  refused(archive(0x8b, [0xff, 0xff, 0xff, 0x7f]), /operation 0x8b/, 'unsafe-pickle');
  refused(archive(0x8e, Array<number>(8).fill(0x7f)), /operation 0x8e/, 'unsafe-pickle');
  refused(
    archive(call(global('os', `\u001b[2J${'x'.repeat(5000)}`))),
    /\.pth asks for os\.\\u001b\[2Jx{1,200}, /,
    'unsafe-pickle',
  );
});

test('a pipe is not waited for, whatever it is called', () => {
  for (const name of ['pipe.pth', 'pipe.safetensors', 'pipe']) {
    const path = join(folder, name);
    execFileSync('mkfifo', [path]);
    expect(() => readTensors(path)).toThrow(expect.objectContaining({ code: 'not-a-file' }));
  }
  for (const path of ['/dev/zero', '/dev/null', folder])
    expect(() => readTensors(path)).toThrow(expect.objectContaining({ code: 'not-a-file' }));
});

test.each(damages)('however %s is damaged, it gives tensors or says what is wrong', (how) => {
  fuzzCheckpoints(how, how === 'a legacy file' ? 40 : 300);
});
