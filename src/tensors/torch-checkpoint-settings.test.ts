import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { expect, test } from 'vitest';
import { bytes, call, dict, global, int, tuple, unicode } from '../../tests/checkpoints/pickle-bytes.ts';
import { toFloat32 } from './tensor.ts';
import { readTorchCheckpoint } from './torch-checkpoint.ts';

/** A file as nnU-Net's trainer saves it: metrics as numpy numbers and a device stand beside the weights. */
function trainerFile(...more: readonly (readonly [string, readonly number[]])[]): string {
  const storage = bytes(
    tuple(unicode('storage'), global('torch', 'FloatStorage'), unicode('0'), unicode('cpu'), int(2)),
    'Q',
  );
  const none = bytes('N');
  const tensor = call(
    global('torch._utils', '_rebuild_tensor_v2'),
    storage,
    int(0),
    bytes(int(2), 0x85),
    bytes(int(1), 0x85),
    bytes(0x89),
    call(global('collections', 'OrderedDict')),
  );
  const dtype = bytes(
    call(global('numpy', 'dtype'), unicode('f4'), int(0), int(1)),
    tuple(int(3), unicode('<'), none, none, none, int(255), int(255), int(0)),
    'b',
  );
  const raw = call(global('_codecs', 'encode'), unicode('abcd'), unicode('latin1'));
  const pickle = bytes(
    [0x80, 2],
    dict(
      [
        'logging',
        dict(['dice', bytes(']', call(global('numpy.core.multiarray', 'scalar'), dtype, raw), 'a')]),
      ],
      ['init_args', dict(['device', call(global('torch', 'device'), unicode('cuda'))])],
      ['network_weights', dict(['encoder.weight', tensor])],
      ...more,
    ),
    '.',
  );
  const path = join(mkdtempSync(join(tmpdir(), 'archc-trainer-')), 'checkpoint_final.pth');
  const data = new Uint8Array(Float32Array.of(1.5, -2).buffer);
  writeFileSync(path, zipSync({ 'archive/data.pkl': Uint8Array.from(pickle), 'archive/data/0': data }));
  return path;
}

test('settings and metrics beside the weights are passed over', () => {
  const tensors = readTorchCheckpoint(trainerFile());
  expect([...tensors.keys()]).toEqual(['encoder.weight']);
  expect([...toFloat32(tensors.get('encoder.weight')!)]).toEqual([1.5, -2]);
});

test('what could do harm is still refused there', () => {
  const harm = call(global('builtins', 'eval'), unicode('1'));
  expect(() => readTorchCheckpoint(trainerFile(['extra', harm]))).toThrow(/builtins\.eval/);
  const call2 = call(call(global('numpy', 'dtype'), unicode('f4')), unicode('x'));
  expect(() => readTorchCheckpoint(trainerFile(['extra', call2]))).toThrow(/call of no function/);
});
