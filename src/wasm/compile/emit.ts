import { ByteWriter } from '../encode/bytes.ts';
import { VALUE_TYPES, type ValueType } from '../encode/module.ts';
import { writeOpcode } from '../encode/opcodes.ts';
import type { Cell, Item, Label, Node, Region } from './region.ts';
import { definedBy, regionsOf, type Schedule } from './schedule.ts';

const VOID = 0x40;
const END = 0x0b;

export interface Emitted {
  readonly code: Uint8Array;
  readonly locals: readonly ValueType[];
}

/**
 * Writes the instructions of a function.
 *
 * @param parameters how many it has
 * @param scratch the one that is the address of scratch memory
 */
export function emit(
  root: Region,
  schedule: Schedule,
  parameters: number,
  scratch: Node,
  cellOf: ReadonlyMap<Node, Cell>,
): Emitted {
  const emitter = new Emitter(schedule, parameters, scratch, cellOf);
  emitter.region(root);
  return { code: emitter.out.result(), locals: emitter.types };
}

class Emitter {
  out = new ByteWriter();
  readonly types: ValueType[] = [];
  private readonly schedule: Schedule;
  private readonly parameters: number;
  private readonly scratch: Node;
  private readonly cellOf: ReadonlyMap<Node, Cell>;
  private readonly locals = new Map<Node | Cell, number>();
  /** Constants that the loop which is being written uses, and the locals that hold them. */
  private constants: Map<Node, number> | undefined;
  /** What `br` counts, outermost first. */
  private readonly labels: (Label | undefined)[] = [];

  constructor(schedule: Schedule, parameters: number, scratch: Node, cellOf: ReadonlyMap<Node, Cell>) {
    this.schedule = schedule;
    this.parameters = parameters;
    this.scratch = scratch;
    this.cellOf = cellOf;
  }

  region(region: Region): void {
    region.items.forEach((item, index) => {
      for (const node of this.schedule.before(region, index)) {
        this.compute(node);
        this.keep(node);
      }
      this.item(item);
    });
  }

  private item(item: Item): void {
    const { out } = this;
    switch (item.kind) {
      case 'nothing':
        return;
      case 'store':
        this.push(item.address);
        this.push(item.value);
        writeOpcode(out, item.op);
        this.access(item.op, item.offset);
        return;
      case 'set':
        this.push(item.value);
        out.u8(0x21).u32(this.local(item.cell, item.cell.rep));
        return;
      case 'define':
        for (const node of definedBy(item)) if (this.schedule.isUsed(node)) this.define(node);
        return;
      case 'block':
        if (item.label.used) this.nested(0x02, item.label, item.body);
        else this.region(item.body);
        return;
      case 'loop':
        if (holdsLoop(item.body)) this.nested(0x03, item.label, item.body);
        else this.innermost(item);
        return;
      case 'if':
        this.push(item.condition);
        out.u8(0x04, VOID);
        this.labels.push(undefined);
        this.region(item.body);
        if (item.otherwise.items.length > 0) {
          out.u8(0x05);
          this.region(item.otherwise);
        }
        this.labels.pop();
        out.u8(END);
        return;
      case 'branch':
        if (item.condition) this.push(item.condition);
        out
          .u8(item.condition ? 0x0d : 0x0c)
          .u32(this.labels.length - 1 - this.labels.lastIndexOf(item.label));
        return;
    }
  }

  private define(node: Node): void {
    const cell = this.cellOf.get(node);
    if (cell) this.out.u8(0x20).u32(this.local(cell, cell.rep));
    else this.compute(node);
    this.keep(node);
  }

  private nested(opcode: number, label: Label, body: Region): void {
    this.out.u8(opcode, VOID);
    this.labels.push(label);
    this.region(body);
    this.labels.pop();
    this.out.u8(END);
  }

  /**
   * A loop without loops in it. Vectors of constants are made before it: engines make them of three instructions wherever
   * they stand (V8 from 12 on), and would keep them in registers, or in their place, across other loops.
   */
  private innermost({ label, body }: Item & { kind: 'loop' }): void {
    const { out } = this;
    const constants = new Map<Node, number>();
    this.constants = constants;
    this.out = new ByteWriter();
    this.nested(0x03, label, body);
    const written = this.out.result();
    this.constants = undefined;
    this.out = out;
    for (const [node, local] of constants) {
      this.opaque(node);
      out.u8(0x21).u32(local);
    }
    out.append(written);
  }

  /** A constant that the engine does not know to be one, else it would make it anew in each turn. */
  private opaque({ imm }: Node): void {
    const { out } = this;
    const [word] = imm as readonly number[];
    // Scratch memory lies at a multiple of 16.
    this.push(this.scratch);
    writeOpcode(out, 'i32.const');
    out.s32(15);
    writeOpcode(out, 'i32.and');
    writeOpcode(out, 'i32.const');
    out.s32(word);
    writeOpcode(out, 'i32.or');
    writeOpcode(out, 'i32x4.splat');
  }

  /** Leaves a node's value on the stack. */
  private push(node: Node): void {
    if (this.constants && isWideConstant(node)) {
      const known = this.constants.get(node) ?? this.newLocal('v128');
      this.constants.set(node, known);
      this.out.u8(0x20).u32(known);
      return;
    }
    if (node.op === 'parameter') {
      this.out.u8(0x20).u32(node.imm as number);
      return;
    }
    const local = this.locals.get(node);
    if (local === undefined) this.compute(node);
    else this.out.u8(0x20).u32(local);
  }

  private compute(node: Node): void {
    const { out } = this;
    for (const a of node.args) this.push(a);
    if (node.op === 'cell') throw new Error('a cell is read where it is not defined');
    writeOpcode(out, node.op.startsWith('select') ? 'select' : node.op);
    const { imm } = node;
    if (node.op === 'i32.const' || node.op === 'i64.const') out.s32(imm as number);
    else if (node.op === 'f32.const') out.f32(imm as number);
    else if (node.op === 'v128.const') {
      for (const w of imm as readonly number[]) out.u8(w & 255, (w >> 8) & 255, (w >> 16) & 255, w >>> 24);
    } else if (node.op === 'i8x16.shuffle') {
      for (const lane of imm as readonly number[]) for (let b = 0; b < 4; b++) out.u8(4 * lane + b);
    } else if (node.op.includes('.load')) this.access(node.op, imm as number);
    else if (node.op.endsWith('_lane')) out.u8(imm as number);
  }

  /** Alignment, as a power of two, and offset. Vectors may lie at any multiple of 4. */
  private access(op: string, offset: number): void {
    this.out.u8(op.includes('16') ? 1 : 2).u32(offset);
  }

  private keep(node: Node): void {
    this.out.u8(0x21).u32(this.local(node, node.rep));
  }

  private local(key: Node | Cell, rep: ValueType): number {
    const known = this.locals.get(key);
    if (known !== undefined) return known;
    const index = this.newLocal(rep);
    this.locals.set(key, index);
    return index;
  }

  private newLocal(rep: ValueType): number {
    if (!(rep in VALUE_TYPES)) throw new Error(`no local of ${rep}`);
    this.types.push(rep);
    return this.parameters + this.types.length - 1;
  }
}

const holdsLoop = (region: Region): boolean =>
  region.items.some((item) => item.kind === 'loop' || regionsOf(item).some(holdsLoop));

/** Four times a number; of zeros and ones engines make one instruction. */
function isWideConstant({ op, imm }: Node): boolean {
  if (op !== 'v128.const') return false;
  const [first, ...more] = imm as readonly number[];
  return first !== 0 && first !== -1 && more.every((w) => w === first);
}
