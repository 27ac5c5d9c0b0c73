import { InputError } from '../errors.ts';

/** A value of a pickle, as far as checkpoints hold them. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly PickleValue[]
  | PickleDict
  | PickleGlobal
  | PickleObject;

export class PickleDict {
  readonly entries = new Map<PickleValue, PickleValue>();
}

/** The name of a Python function or class; it is never looked up, let alone called. */
export class PickleGlobal {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** What a call or a persistent id stands for, once `reduce` or `persistent` has made sense of it. */
export class PickleObject {
  readonly kind: string;
  readonly value: unknown;

  constructor(kind: string, value: unknown) {
    this.kind = kind;
    this.value = value;
  }
}

/** The few calls and ids that a file format allows. Each throws for all others. */
export interface PickleHooks {
  reduce(callee: PickleGlobal, args: readonly PickleValue[]): PickleValue;
  persistent(id: PickleValue): PickleValue;
}

const MARK = Symbol('mark');
type StackItem = PickleValue | typeof MARK;

/** Nothing but this many values is read from one file. */
const MAX_STACK = 10_000_000;

/**
 * Interprets a pickle of protocol 2 to 5 without running anything: only containers, numbers, strings and what the
 * hooks allow exist. Operations as documented in Python's `pickletools`.
 *
 * @returns the value, and where the next pickle starts
 * @throws InputError `unsafe-pickle` for an operation or a name that is not allowed, `bad-pickle` for a damaged one
 */
export function readPickle(
  bytes: Uint8Array,
  start: number,
  source: string,
  hooks: PickleHooks,
): { value: PickleValue; end: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stack: StackItem[] = [];
  const memo = new Map<number, StackItem>();
  let at = start;
  const damaged = (why: string) =>
    new InputError(
      'bad-pickle',
      `${source}: the pickle is damaged at byte ${at}: ${why}`,
      'get the file again',
    );
  const take = (n: number): number => {
    if (!(n >= 0) || at + n > bytes.length) throw damaged('it ends too early');
    at += n;
    return at - n;
  };
  const text = (n: number) => new TextDecoder().decode(bytes.subarray(take(n), at));
  const line = () => {
    const end = bytes.indexOf(10, at);
    if (end < 0) throw damaged('a line does not end');
    const value = text(end - at);
    take(1);
    return value;
  };
  const pop = (): StackItem => {
    if (stack.length === 0) throw damaged('the stack is empty');
    return stack.pop()!;
  };
  const value = (): PickleValue => {
    const item = pop();
    if (item === MARK) throw damaged('a mark stands for a value');
    return item;
  };
  const toMark = (): PickleValue[] => {
    const from = stack.lastIndexOf(MARK);
    if (from < 0) throw damaged('a mark is missing');
    const items = stack.splice(from) as PickleValue[];
    return items.slice(1);
  };
  const top = (): PickleValue => {
    const item = stack.at(-1);
    if (item === undefined || item === MARK) throw damaged('a container is missing');
    return item;
  };
  const setItems = (items: readonly PickleValue[]) => {
    const dict = top();
    if (!(dict instanceof PickleDict) || items.length % 2 !== 0)
      throw damaged('items are set on no dictionary');
    for (let i = 0; i < items.length; i += 2) dict.entries.set(items[i], items[i + 1]);
  };
  const append = (items: readonly PickleValue[]) => {
    const list = top();
    if (!Array.isArray(list)) throw damaged('items are appended to no list');
    for (const item of items) list.push(item);
  };
  const put = (index: number) => {
    const item = stack.at(-1);
    if (item === undefined) throw damaged('nothing to remember');
    memo.set(index, item);
  };
  const get = (index: number) => {
    const item = memo.get(index);
    if (item === undefined) throw damaged(`nothing was remembered as ${index}`);
    stack.push(item);
  };
  const tuple = (n: number) => {
    const items = Array.from({ length: n }, value).reverse();
    stack.push(items);
  };

  for (;;) {
    if (stack.length > MAX_STACK) throw damaged('it holds too many values');
    const code = bytes[take(1)];
    switch (code) {
      case 0x80: // PROTO
        take(1);
        break;
      case 0x95: // FRAME
        take(8);
        break;
      case 0x2e: // STOP
        return { value: value(), end: at };
      case 0x28: // MARK
        stack.push(MARK);
        break;
      case 0x4e: // NONE
        stack.push(null);
        break;
      case 0x88: // NEWTRUE
        stack.push(true);
        break;
      case 0x89: // NEWFALSE
        stack.push(false);
        break;
      case 0x4b: // BININT1
        stack.push(view.getUint8(take(1)));
        break;
      case 0x4d: // BININT2
        stack.push(view.getUint16(take(2), true));
        break;
      case 0x4a: // BININT
        stack.push(view.getInt32(take(4), true));
        break;
      case 0x8a: // LONG1
        stack.push(littleEndian(bytes.subarray(take(bytes[take(1)]), at)));
        break;
      case 0x47: // BINFLOAT
        stack.push(view.getFloat64(take(8), false));
        break;
      case 0x58: // BINUNICODE
        stack.push(text(view.getUint32(take(4), true)));
        break;
      case 0x8c: // SHORT_BINUNICODE
        stack.push(text(bytes[take(1)]));
        break;
      case 0x42: // BINBYTES
        stack.push(bytes.slice(take(view.getUint32(take(4), true)), at));
        break;
      case 0x43: // SHORT_BINBYTES
        stack.push(bytes.slice(take(bytes[take(1)]), at));
        break;
      case 0x54: // BINSTRING
        stack.push(text(view.getUint32(take(4), true)));
        break;
      case 0x55: // SHORT_BINSTRING
        stack.push(text(bytes[take(1)]));
        break;
      case 0x5d: // EMPTY_LIST
        stack.push([]);
        break;
      case 0x7d: // EMPTY_DICT
        stack.push(new PickleDict());
        break;
      case 0x29: // EMPTY_TUPLE
        stack.push([]);
        break;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        tuple(code - 0x84);
        break;
      case 0x74: // TUPLE
        stack.push(toMark());
        break;
      case 0x61: // APPEND
        append([value()]);
        break;
      case 0x65: // APPENDS
        append(toMark());
        break;
      case 0x73: {
        // SETITEM
        const item = value();
        setItems([value(), item]);
        break;
      }
      case 0x75: // SETITEMS
        setItems(toMark());
        break;
      case 0x71: // BINPUT
        put(bytes[take(1)]);
        break;
      case 0x72: // LONG_BINPUT
        put(view.getUint32(take(4), true));
        break;
      case 0x94: // MEMOIZE
        put(memo.size);
        break;
      case 0x68: // BINGET
        get(bytes[take(1)]);
        break;
      case 0x6a: // LONG_BINGET
        get(view.getUint32(take(4), true));
        break;
      case 0x63: // GLOBAL
        stack.push(new PickleGlobal(`${line()}.${line()}`));
        break;
      case 0x93: {
        // STACK_GLOBAL
        const name = value();
        const none = () => damaged('a name is no text');
        stack.push(new PickleGlobal(`${plainText(value(), none)}.${plainText(name, none)}`));
        break;
      }
      case 0x52: // REDUCE
      case 0x81: {
        // NEWOBJ
        const args = value();
        const callee = value();
        if (!(callee instanceof PickleGlobal) || !Array.isArray(args)) throw damaged('a call of no function');
        stack.push(hooks.reduce(callee, args));
        break;
      }
      case 0x51: // BINPERSID
        stack.push(hooks.persistent(value()));
        break;
      case 0x62: {
        // BUILD: attributes, such as an OrderedDict's `_metadata`; they are not needed
        value();
        const target = top();
        const inert = target instanceof PickleObject && target.kind === 'inert';
        if (!(target instanceof PickleDict || inert)) throw refused(source, 'BUILD of an object');
        break;
      }
      default:
        throw refused(source, `operation 0x${code.toString(16).padStart(2, '0')}`);
    }
  }
}

/**
 * A name in a pickle. A list is none, though it has a text: one that holds itself many times over would take for ever.
 *
 * @param otherwise what to throw for any other value
 */
export function plainText(value: PickleValue | undefined, otherwise: () => InputError): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw otherwise();
}

/** A pickle asks for something that loading tensors never needs. */
export function refused(source: string, what: string): InputError {
  return new InputError(
    'unsafe-pickle',
    `${source} asks for ${JSON.stringify(what.slice(0, 200)).slice(1, -1)}, which loading weights never needs; nothing was run`,
    'convert the file to safetensors where it was made, or do not trust it',
  );
}

function littleEndian(bytes: Uint8Array): number | bigint {
  let n = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) n = (n << 8n) | BigInt(bytes[i]);
  if (bytes.length > 0 && bytes[bytes.length - 1] & 0x80) n -= 1n << BigInt(8 * bytes.length);
  return n >= BigInt(Number.MIN_SAFE_INTEGER) && n <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(n) : n;
}
