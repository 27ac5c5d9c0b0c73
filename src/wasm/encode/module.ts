import { ByteWriter } from './bytes.ts';

export type ValueType = 'i32' | 'f32' | 'v128';

export const VALUE_TYPES: Readonly<Record<ValueType, number>> = { i32: 0x7f, f32: 0x7d, v128: 0x7b };

/** A function that is exported, takes i32 and gives nothing. */
export interface ExportedFunction {
  readonly name: string;
  readonly parameters: number;
  /** Beyond the parameters, in order. */
  readonly locals: readonly ValueType[];
  /** Instructions without the last `end`. */
  readonly code: Uint8Array;
}

export interface ImportedMemory {
  readonly shared: boolean;
  /** In pages of 64 KiB. */
  readonly initial: number;
  readonly maximum: number;
}

/** A module that imports `env.memory` and exports functions. */
export function encodeModule(
  functions: readonly ExportedFunction[],
  memory: ImportedMemory,
): Uint8Array<ArrayBuffer> {
  const out = new ByteWriter().u8(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  const section = (id: number, write: (w: ByteWriter) => void): void => {
    const body = new ByteWriter();
    write(body);
    const bytes = body.result();
    out.u8(id).u32(bytes.length).append(bytes);
  };
  const arities = [...new Set(functions.map((f) => f.parameters))];
  section(1, (w) =>
    w.vector(arities, (n) => {
      w.u8(0x60).u32(n);
      for (let k = 0; k < n; k++) w.u8(VALUE_TYPES.i32);
      w.u32(0);
    }),
  );
  section(2, (w) => {
    w.u32(1).name('env').name('memory').u8(2);
    w.u8(memory.shared ? 3 : 1)
      .u32(memory.initial)
      .u32(memory.maximum);
  });
  section(3, (w) => w.vector(functions, (f) => w.u32(arities.indexOf(f.parameters))));
  section(7, (w) => {
    let index = 0;
    w.vector(functions, (f) => w.name(f.name).u8(0).u32(index++));
  });
  section(10, (w) =>
    w.vector(functions, (f) => {
      const bytes = functionBody(f);
      w.u32(bytes.length).append(bytes);
    }),
  );
  return out.result();
}

function functionBody({ locals, code }: ExportedFunction): Uint8Array {
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
