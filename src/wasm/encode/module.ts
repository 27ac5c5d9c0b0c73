import { type AddressBits, MOST_PAGES } from '../../runtime/wasm/memory-map.ts';
import { ByteWriter } from './bytes.ts';
import { DONE_TYPE, KERNEL_TYPE, WALKER_NAME, WALKER_TYPE, walker } from './walker.ts';

export type ValueType = 'i32' | 'i64' | 'f32' | 'v128';

export const VALUE_TYPES: Readonly<Record<ValueType, number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  v128: 0x7b,
};

export interface FunctionBody {
  /** Beyond the parameters, in order. */
  readonly locals: readonly ValueType[];
  /** Instructions without the last `end`. */
  readonly code: Uint8Array;
}

/** All i32: see `CompiledKernel`. */
export const KERNEL_PARAMETERS = 4;

/** A kernel. */
export interface KernelFunction extends FunctionBody {
  readonly name: string;
}

/** Flags of a memory: shared, with a maximum, its addresses of so many bits. */
const MEMORY_FLAGS: Readonly<Record<AddressBits, number>> = { 32: 3, 64: 7 };
const FUNCTION_REFERENCE = 0x70;

/**
 * A module of kernels, in the order of its table, each exported by its name, and of the function `walk` that runs their
 * dispatches ({@link walker}). It imports `env.memory`, which is shared, and `env.done`, which takes the number of a signal.
 *
 * @param address bits of an address, which the kernels were compiled for
 */
export function encodeModule(
  kernels: readonly KernelFunction[],
  address: AddressBits = 32,
): Uint8Array<ArrayBuffer> {
  const out = new ByteWriter().u8(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  const section = (id: number, write: (w: ByteWriter) => void): void => {
    const body = new ByteWriter();
    write(body);
    const bytes = body.result();
    out.u8(id).u32(bytes.length).append(bytes);
  };
  // The imported function is the first one.
  const own = [
    ...kernels.map((k) => ({ ...k, type: KERNEL_TYPE })),
    { name: WALKER_NAME, ...walker(0, address), type: WALKER_TYPE },
  ];
  section(1, (w) => {
    const arities: number[] = [];
    arities[KERNEL_TYPE] = KERNEL_PARAMETERS;
    arities[DONE_TYPE] = 1;
    arities[WALKER_TYPE] = 2;
    w.vector(arities, (n) => {
      w.u8(0x60).u32(n);
      for (let k = 0; k < n; k++) w.u8(VALUE_TYPES.i32);
      w.u32(0);
    });
  });
  section(2, (w) => {
    w.u32(2);
    // Any smaller memory can be imported.
    w.name('env').name('memory').u8(2, MEMORY_FLAGS[address]).u32(1).u32(MOST_PAGES[address]);
    w.name('env').name('done').u8(0).u32(DONE_TYPE);
  });
  section(3, (w) => w.vector(own, (f) => w.u32(f.type)));
  section(4, (w) => w.u32(1).u8(FUNCTION_REFERENCE, 1).u32(kernels.length).u32(kernels.length));
  section(7, (w) => {
    let index = 1;
    w.vector(own, (f) => w.name(f.name).u8(0).u32(index++));
  });
  section(9, (w) => {
    let index = 1;
    // One segment, for the table from its beginning.
    w.u32(1).u8(0, 0x41, 0, 0x0b);
    w.vector(kernels, () => w.u32(index++));
  });
  section(10, (w) =>
    w.vector(own, (f) => {
      const bytes = functionBody(f);
      w.u32(bytes.length).append(bytes);
    }),
  );
  return out.result();
}

function functionBody({ locals, code }: FunctionBody): Uint8Array {
  const runs: { type: ValueType; count: number }[] = [];
  for (const type of locals) {
    const last = runs.at(-1);
    if (last?.type === type) last.count++;
    else runs.push({ type, count: 1 });
  }
  const w = new ByteWriter();
  w.vector(runs, (r) => w.u32(r.count).u8(VALUE_TYPES[r.type]));
  return w.append(code).u8(0x0b).result();
}
