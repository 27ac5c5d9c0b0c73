import { closeSync, openSync, readSync } from 'node:fs';
import { InputError } from '../errors.ts';
import {
  PickleDict,
  type PickleGlobal,
  PickleObject,
  type PickleValue,
  plainText,
  readPickle,
  refused,
} from './pickle.ts';
import { isRegularFile, readBytes } from './read-file.ts';
import { bytesPerElement, type Dtype, elementCount, type Tensor, tensorOfBytes } from './tensor.ts';
import { TorchZip } from './torch-zip.ts';

/** Storage classes of PyTorch and what they hold. */
const storages: Readonly<Record<string, Dtype>> = {
  'torch.FloatStorage': 'F32',
  'torch.DoubleStorage': 'F64',
  'torch.HalfStorage': 'F16',
  'torch.BFloat16Storage': 'BF16',
  'torch.LongStorage': 'I64',
  'torch.IntStorage': 'I32',
  'torch.ShortStorage': 'I16',
  'torch.CharStorage': 'I8',
  'torch.ByteStorage': 'U8',
  'torch.BoolStorage': 'BOOL',
};

/** PyTorch's own limit. */
const MAX_RANK = 64;

/** How often stored bytes may be shared by tensors, on average. */
const SHARED = 4;

/** Dictionaries under which checkpoints keep the state_dict. */
const NESTED = ['model', 'state_dict', 'network_weights', 'model_state_dict'];

/**
 * What training scripts keep beside the weights (metrics, settings, a device). None of it is made: the names are
 * let through since nothing that has them can be harmful or is used.
 */
const inert = new Set([
  ...['numpy.core.multiarray.scalar', 'numpy._core.multiarray.scalar', 'numpy.dtype', '_codecs.encode'],
  ...['numpy.core.multiarray._reconstruct', 'numpy._core.multiarray._reconstruct', 'numpy.ndarray'],
  ...['torch.device', 'torch.Size', 'argparse.Namespace'],
]);
/** Dictionaries under other names: what is in them is read, so that a state_dict is found. */
const dictionaries = new Set(['collections.OrderedDict', 'collections.defaultdict', 'yacs.config.CfgNode']);

interface Storage {
  readonly key: string;
  readonly dtype: Dtype;
}

/** A tensor before its storage is read: legacy files hold the storages after the pickle. */
interface LazyTensor {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/**
 * Reads the tensors of a file that `torch.save` wrote, zip or legacy, without running any of it. Views and shared
 * storages become tensors of their own, row-major. A state_dict nested under `model` or `state_dict` is found.
 *
 * @throws InputError `bad-checkpoint-file` where it is no such file or damaged, `unsafe-pickle` where it asks for
 *   more than tensors
 */
export function readTorchCheckpoint(path: string): Map<string, Tensor> {
  const bytes = readBytes(path, 'checkpoint');
  return bytes[0] === 0x50 && bytes[1] === 0x4b ? readZip(path, bytes) : readLegacy(path, bytes);
}

function readZip(path: string, bytes: Uint8Array): Map<string, Tensor> {
  const unpack = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw bad(path, `it is no whole zip archive (${(error as Error).message})`);
    }
  };
  const zip = unpack(() => new TorchZip(bytes));
  const read = (names: readonly string[]) => unpack(() => zip.read(new Set(names)));
  const pickle = zip.names.find((name) => name.endsWith('/data.pkl'));
  if (pickle === undefined) throw bad(path, 'the archive has no data.pkl');
  const folder = pickle.slice(0, -'data.pkl'.length);
  const head = read([pickle, `${folder}byteorder`]);
  const order = head.get(`${folder}byteorder`);
  if (order && new TextDecoder().decode(order) !== 'little') throw bad(path, 'its numbers are big-endian');
  const { value } = readPickle(head.get(pickle)!, 0, path, hooks(path));
  const lazy = tensorsOf(path, value);
  const entry = (key: string) => `${folder}data/${key}`;
  const data = read([...lazy.values()].map(({ storage }) => entry(storage.key)));
  return materialiseAll(path, lazy, (key) => data.get(entry(key)));
}

/** Magic number of PyTorch's format before 1.6. */
const LEGACY_MAGIC = 0x1950a86a20f9469cfc6cn;

/** Magic, protocol, system, the pickle, the list of storage keys, then each storage: count (int64) and elements. */
function readLegacy(path: string, bytes: Uint8Array): Map<string, Tensor> {
  const dtypes = new Map<string, Dtype>();
  const h = hooks(path, (storage) => dtypes.set(storage.key, storage.dtype));
  if (bytes[0] !== 0x80) throw bad(path, 'it starts like no file of torch.save');
  const magic = readPickle(bytes, 0, path, h);
  if (magic.value !== LEGACY_MAGIC) throw bad(path, 'it starts like no file of torch.save');
  const protocol = readPickle(bytes, magic.end, path, h);
  const system = readPickle(bytes, protocol.end, path, h);
  const { value, end } = readPickle(bytes, system.end, path, h);
  const keys = readPickle(bytes, end, path, h);
  if (!Array.isArray(keys.value)) throw bad(path, 'it lists no storages');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data = new Map<string, Uint8Array>();
  let at = keys.end;
  for (const item of keys.value) {
    const key = plainText(item, () => bad(path, 'it names a storage by no text'));
    if (at + 8 > bytes.length) throw bad(path, `it ends before storage ${key}`);
    const dtype = dtypes.get(key);
    if (!dtype) throw bad(path, `storage ${key} belongs to no tensor`);
    const size = Number(view.getBigInt64(at, true)) * bytesPerElement(dtype);
    if (!(size >= 0) || at + 8 + size > bytes.length) throw bad(path, `it ends within storage ${key}`);
    data.set(key, bytes.subarray(at + 8, at + 8 + size));
    at += 8 + size;
  }
  return materialiseAll(path, tensorsOf(path, value), (key) => data.get(key));
}

function hooks(path: string, onStorage: (s: Storage) => void = () => {}) {
  return {
    persistent(id: PickleValue): PickleValue {
      const [kind, type, key] = Array.isArray(id) ? id : [];
      const name = (type as PickleGlobal | undefined)?.name ?? '';
      const dtype = storages[name];
      if (kind !== 'storage' || !dtype) throw refused(path, `a storage of kind ${name || typeof kind}`);
      const storage: Storage = { key: plainText(key, () => bad(path, 'a storage has no name')), dtype };
      onStorage(storage);
      return new PickleObject('storage', storage);
    },
    reduce({ name }: PickleGlobal, args: readonly PickleValue[]): PickleValue {
      if (dictionaries.has(name)) return new PickleDict();
      if (inert.has(name)) return new PickleObject('inert', name);
      if (name === 'torch._utils._rebuild_parameter' && args.length > 0) return args[0];
      if (name === 'torch._utils._rebuild_tensor_v2' || name === 'torch._utils._rebuild_tensor') {
        const [storage, offset, shape, strides] = args;
        if (
          storage instanceof PickleObject &&
          storage.kind === 'storage' &&
          isSize(offset) &&
          isSizes(shape) &&
          isSizes(strides) &&
          shape.length <= MAX_RANK &&
          strides.length === shape.length
        ) {
          const lazy: LazyTensor = { storage: storage.value as Storage, offset, shape, strides };
          return new PickleObject('tensor', lazy);
        }
        throw bad(path, 'a tensor is described wrongly');
      }
      throw refused(path, name);
    },
  };
}

const isSize = (v: PickleValue): v is number => typeof v === 'number' && Number.isSafeInteger(v) && v >= 0;
const isSizes = (v: PickleValue): v is number[] => Array.isArray(v) && v.every(isSize);

/** The tensors of the state_dict in a pickle, in its order. */
function tensorsOf(path: string, root: PickleValue): Map<string, LazyTensor> {
  let dict = root;
  // A dictionary may hold itself.
  const seen = new Set<PickleValue>();
  for (;;) {
    if (!(dict instanceof PickleDict) || seen.has(dict)) throw bad(path, 'it holds no dictionary of tensors');
    seen.add(dict);
    const { entries }: PickleDict = dict;
    const nested = NESTED.find((key) => entries.get(key) instanceof PickleDict);
    if (nested === undefined) break;
    dict = entries.get(nested)!;
  }
  const tensors = new Map<string, LazyTensor>();
  for (const [key, value] of dict.entries) {
    if (!(value instanceof PickleObject && value.kind === 'tensor')) continue;
    const name = plainText(key, () => bad(path, 'a tensor has no name'));
    if (tensors.has(name)) throw bad(path, `it holds ${shown(name)} twice`);
    tensors.set(name, value.value as LazyTensor);
  }
  if (tensors.size === 0) throw bad(path, 'it holds no tensors');
  return tensors;
}

/**
 * Copies all tensors out of their storages. Views may overlap, and axes of stride 0 repeat one element as often as the
 * shape says: together they may take no more than what shared weights need.
 */
function materialiseAll(
  path: string,
  tensors: ReadonlyMap<string, LazyTensor>,
  storage: (key: string) => Uint8Array | undefined,
): Map<string, Tensor> {
  const result = new Map<string, Tensor>();
  const read = new Set<Uint8Array>();
  let [stored, unfolded] = [0, 0];
  const found = [...tensors].map(([name, tensor]) => {
    const bytes = storage(tensor.storage.key);
    if (!bytes) throw bad(path, `storage ${shown(tensor.storage.key)} is missing`);
    if (!read.has(bytes)) stored += bytes.length;
    read.add(bytes);
    return { name, tensor, bytes };
  });
  const most = SHARED * stored + 64 * 2 ** 20;
  for (const { name, tensor, bytes } of found) {
    const size = elementCount(tensor.shape) * bytesPerElement(tensor.storage.dtype);
    unfolded += size;
    // Also refuses what is too large to be a number.
    if (!(unfolded <= most)) {
      throw bad(
        path,
        `${shown(name)} [${tensor.shape.join(', ')}] takes ${size} bytes, the tensors together more than ${most}; ` +
          `${stored} are stored`,
      );
    }
    result.set(name, materialise(path, name, tensor, bytes));
  }
  return result;
}

/** Copies a view out of its storage. */
function materialise(path: string, name: string, t: LazyTensor, bytes: Uint8Array): Tensor {
  const width = bytesPerElement(t.storage.dtype);
  const count = elementCount(t.shape);
  const last = t.offset + t.shape.reduce((sum, d, i) => sum + Math.max(d - 1, 0) * t.strides[i], 0);
  if (count > 0 && (last + 1) * width > bytes.length)
    throw bad(path, `${shown(name)} reaches beyond its storage`);
  const out = new Uint8Array(count * width);
  const index = new Array<number>(t.shape.length).fill(0);
  let from = t.offset;
  for (let i = 0; i < count; i++) {
    for (let b = 0; b < width; b++) out[i * width + b] = bytes[from * width + b];
    for (let axis = t.shape.length - 1; axis >= 0; axis--) {
      from += t.strides[axis];
      if (++index[axis] < t.shape[axis]) break;
      from -= t.strides[axis] * t.shape[axis];
      index[axis] = 0;
    }
  }
  return tensorOfBytes(t.storage.dtype, [...t.shape], out);
}

/** A name out of a file, short enough for a message and without what would steer a terminal. */
function shown(name: string): string {
  return JSON.stringify(name.length > 100 ? `${name.slice(0, 100)}…` : name).slice(1, -1);
}

function bad(path: string, why: string): InputError {
  return new InputError(
    'bad-checkpoint-file',
    `${path}: ${why}`,
    'give a .pth file of torch.save, or safetensors',
  );
}

/**
 * Whether to read a file as one of `torch.save` rather than as safetensors: by the ending, else by the first bytes,
 * a zip archive or a pickle. A safetensors header opens with a brace.
 */
export function isTorchFile(path: string): boolean {
  if (/\.safetensors$/i.test(path)) return false;
  if (/\.pth?$/i.test(path)) return true;
  // Opening a pipe would wait for whoever writes to it.
  if (!isRegularFile(path)) return false;
  const head = new Uint8Array(9);
  try {
    const file = openSync(path, 'r');
    try {
      readSync(file, head, 0, head.length, 0);
    } finally {
      closeSync(file);
    }
  } catch {
    // Whoever reads the file next says what is wrong with it.
    return false;
  }
  const [first, second] = head;
  return (first === 0x50 && second === 0x4b) || (first === 0x80 && head[8] !== 0x7b);
}
