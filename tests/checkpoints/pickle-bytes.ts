/** Opcodes of pickle protocol 2, as Python's `pickletools` names them. */
export const bytes = (...parts: readonly (number | string | readonly number[])[]): number[] =>
  parts.flatMap((p) => (typeof p === 'number' ? [p] : typeof p === 'string' ? [...Buffer.from(p)] : [...p]));
export const unicode = (text: string) => bytes('X', [text.length, 0, 0, 0], text);
export const global = (module: string, name: string) => bytes('c', `${module}\n${name}\n`);
export const int = (n: number) => bytes('K', n);
export const tuple = (...items: readonly (readonly number[])[]) => bytes('(', items.flat(), 't');
export const dict = (...entries: readonly (readonly [string, readonly number[]])[]) =>
  bytes(
    '}',
    '(',
    entries.flatMap(([key, value]) => [...unicode(key), ...value]),
    'u',
  );
export const call = (callee: readonly number[], ...args: readonly (readonly number[])[]) =>
  bytes(callee, tuple(...args), 'R');
/** A whole number of any size: LONG1. */
export const long = (n: number) => {
  const digits: number[] = [];
  for (let rest = BigInt(n); rest > 0n; rest >>= 8n) digits.push(Number(rest & 255n));
  return bytes(0x8a, digits.length + 1, digits, 0);
};

/** A tensor of `torch._utils._rebuild_tensor_v2` over float32 storage. */
export const tensor = (key: string, shape: readonly number[], strides: readonly number[], offset = 0) =>
  call(
    global('torch._utils', '_rebuild_tensor_v2'),
    bytes(
      tuple(unicode('storage'), global('torch', 'FloatStorage'), unicode(key), unicode('cpu'), int(1)),
      'Q',
    ),
    long(offset),
    tuple(...shape.map(long)),
    tuple(...strides.map(long)),
    bytes(0x89),
    call(global('collections', 'OrderedDict')),
  );
