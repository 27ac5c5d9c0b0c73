import { exponentOf } from '../../math.ts';
import { type AddressBits, PLACE_UNIT } from '../../runtime/wasm/memory-map.ts';
import { ByteWriter } from './bytes.ts';
import type { ValueType } from './module.ts';
import { writeOpcode } from './opcodes.ts';

const VOID = 0x40;

/** The number of a local. */
export type Local = number;
/** How many blocks were open when a block began. */
export type BlockLabel = number;

/** Writes a function by hand, instruction by instruction. */
export class Assembler {
  private readonly out = new ByteWriter();
  private readonly parameters: number;
  private readonly bits: AddressBits;
  readonly locals: ValueType[] = [];
  private open = 0;

  /** @param bits of the memory's addresses */
  constructor(parameters: number, bits: AddressBits) {
    this.parameters = parameters;
    this.bits = bits;
  }

  get code(): Uint8Array {
    return this.out.result();
  }

  local(type: ValueType): Local {
    return this.parameters + this.locals.push(type) - 1;
  }

  get(local: Local): this {
    this.out.u8(0x20).u32(local);
    return this;
  }

  set(local: Local): this {
    this.out.u8(0x21).u32(local);
    return this;
  }

  tee(local: Local): this {
    this.out.u8(0x22).u32(local);
    return this;
  }

  i32(value: number): this {
    writeOpcode(this.out, 'i32.const');
    this.out.s32(value);
    return this;
  }

  /** A constant of 64 bits that 32 hold. */
  i64(value: number): this {
    writeOpcode(this.out, 'i64.const');
    this.out.s32(value);
    return this;
  }

  op(name: string): this {
    writeOpcode(this.out, name);
    return this;
  }

  /** The memory's first byte, from which offsets of accesses count. */
  origin(): this {
    return this.bits === 64 ? this.i64(0) : this.i32(0);
  }

  /** Makes an address of the word on the stack. */
  address(): this {
    return this.bits === 64 ? this.op('i64.extend_i32_u') : this;
  }

  /** Makes an address of the word on the stack that says where tensors lie. */
  place(): this {
    this.address();
    return this.bits === 64 ? this.i64(exponentOf(PLACE_UNIT[64])).op('i64.shl') : this;
  }

  /** An access to memory, at its natural alignment. */
  memory(name: string, offset = 0): this {
    writeOpcode(this.out, name);
    const natural = name.startsWith('i64') || name.endsWith('wait64') ? 3 : 2;
    this.out.u8(natural).u32(offset);
    return this;
  }

  /** Copies bytes: to, from, how many; all as addresses. */
  copy(): this {
    writeOpcode(this.out, 'memory.copy');
    this.out.u8(0, 0);
    return this;
  }

  /** Sets bytes: where, to what, how many; first and last as addresses. */
  fill(): this {
    writeOpcode(this.out, 'memory.fill');
    this.out.u8(0);
    return this;
  }

  call(index: number): this {
    this.out.u8(0x10).u32(index);
    return this;
  }

  /** Calls the function of the table that has the number on the stack. */
  callIndirect(type: number): this {
    this.out.u8(0x11).u32(type).u8(0);
    return this;
  }

  return(): this {
    this.out.u8(0x0f);
    return this;
  }

  /** `br` of its label leads behind it. */
  block(body: (label: BlockLabel) => void): this {
    return this.nested(0x02, body);
  }

  /** `br` of its label leads to its beginning. Who comes to its end goes on behind it. */
  loop(body: (label: BlockLabel) => void): this {
    return this.nested(0x03, body);
  }

  /** Runs the body where the number on the stack is not 0. */
  if(body: (label: BlockLabel) => void): this {
    return this.nested(0x04, body);
  }

  br(label: BlockLabel): this {
    this.out.u8(0x0c).u32(this.open - 1 - label);
    return this;
  }

  brIf(label: BlockLabel): this {
    this.out.u8(0x0d).u32(this.open - 1 - label);
    return this;
  }

  private nested(opcode: number, body: (label: BlockLabel) => void): this {
    this.out.u8(opcode, VOID);
    body(this.open++);
    this.open--;
    this.out.u8(0x0b);
    return this;
  }
}
