import type { Accessor, KernelText } from '../../codegen/render.ts';
import type { UniformType } from '../ir/kernel.ts';
import { OFFSET_ALIGNMENT } from '../ir/packing.ts';
import { bytesOfType, type MemoryType } from '../ir/storage.ts';
import type { Location } from './location.ts';

/**
 * Memory that a kernel binds, under whatever names its template knows what lies there. It begins where a binding can,
 * at or before what is read or written.
 */
export interface Bound {
  readonly variable: string;
  readonly type: MemoryType | 'atomic<u32>';
  /** Grows where a kernel reads a whole and a part of it. */
  location: Location;
  written: boolean;
  /** All its readers ask for vectors. */
  vector: boolean;
}

/** A value that lies in what is bound. */
interface Use {
  readonly name: string;
  readonly type: MemoryType;
  bound: Bound;
  readonly vector: boolean;
  /** Where it begins, in bytes. */
  readonly offset: number;
}

/**
 * The bindings of one kernel, and the functions that read them. What lies in memory as f16 is read as f32. A value that
 * begins behind its binding is found by a uniform, so that kernels of parts anywhere have the same text.
 */
export class Bindings {
  private readonly bound: Bound[] = [];
  private readonly uses: Use[] = [];

  /** Makes `load_<name>` read what lies at `location`, and `load4_<name>` if it is read as vectors. */
  read(name: string, type: MemoryType, location: Location, vector = false): void {
    this.use(name, type, location, { written: false, vector });
  }

  /**
   * Memory that the kernel writes. Its template may read it as well.
   *
   * @returns the element of the binding that is element `i`
   */
  write(name: string, type: MemoryType, location: Location): string {
    const use = this.use(name, type, location, { written: true, vector: false });
    return `${use.bound.variable}[${at(use)}]`;
  }

  private use(
    name: string,
    type: MemoryType,
    location: Location,
    how: { readonly written: boolean; readonly vector: boolean },
  ): Use {
    const bound = this.bind(name, type, aligned(location), how);
    const use = { name, type, bound, vector: how.vector, offset: location.offset };
    this.uses.push(use);
    return use;
  }

  /** How far values lie behind the beginning of their bindings, in elements. */
  get uniforms(): readonly (readonly [name: string, type: UniformType, value: number])[] {
    return this.uses.flatMap((use) =>
      before(use) > 0 ? [[beforeName(use), 'u32', before(use)] as const] : [],
    );
  }

  /** A word that threads may set; gives the variable whose first element it is. */
  flag(name: string, location: Location): string {
    return this.bind(name, 'atomic<u32>', location, { written: true, vector: false }).variable;
  }

  get usesHalf(): boolean {
    return this.bound.some(({ type }) => type === 'f16');
  }

  get locations(): readonly Location[] {
    return this.bound.map((b) => b.location);
  }

  declarations(): KernelText['bindings'] {
    // A buffer that one dispatch both reads and writes must be bound `read_write` throughout. Most dispatches write to
    // the arena they read from, so it is bound so by all: else many kernels would be there twice. Measured on lavapipe,
    // paired with a buffer for each value, `read_write` costs no time (a training step of nuclei 199 ms against 213 ms),
    // while compiling a kernel once more takes most of a second.
    const written = new Set(this.bound.filter((b) => b.written).map((b) => b.location.buffer));
    return this.bound.map((b) => {
      const shared = written.has(b.location.buffer) || b.location.arena;
      const other = this.bound.find((o) => o !== b && overlap(o.location, b.location));
      if (shared && other) throw new Error(`${b.variable} and ${other.variable} overlap, and may be written`);
      return {
        name: b.variable,
        type: this.isVector(b) ? `vec4<${b.type}>` : b.type,
        access: shared ? 'read_write' : 'read',
      };
    });
  }

  accessors(): Accessor[] {
    return this.uses.flatMap((use) => {
      const { name, type, bound, vector } = use;
      const { variable } = bound;
      const element = type === 'f16' ? 'f32' : type;
      const index = at(use);
      const vectors = this.isVector(bound);
      const quad = `${variable}[${index === 'i' ? 'i' : `(${index})`} / 4u]`;
      const load = (as: string, result: string, held: string, from: string): Accessor => ({
        name: as,
        parameters: 'i: u32',
        result,
        lines: [`return ${result === held ? from : `${result}(${from})`};`],
      });
      const one = load(`load_${name}`, element, type, vectors ? `${quad}[i % 4u]` : `${variable}[${index}]`);
      if (!vector) return [one];
      const four = [0, 1, 2, 3].map((k) => `${variable}[${index}${k > 0 ? ` + ${k}u` : ''}]`).join(', ');
      const held = `vec4<${type}>`;
      return [one, load(`load4_${name}`, `vec4<${element}>`, held, vectors ? quad : `${held}(${four})`)];
    });
  }

  /** Whether memory is declared as an array of vectors: what is read so begins at one of them. */
  private isVector(bound: Bound): boolean {
    return bound.vector && this.uses.every((use) => use.bound !== bound || before(use) % 4 === 0);
  }

  /** One binding for each place, however many names it goes by. */
  private bind(
    name: string,
    type: Bound['type'],
    location: Location,
    use: { readonly written: boolean; readonly vector: boolean },
  ): Bound {
    const alike = this.bound.filter((b) => b.type === type);
    const known = alike.find((b) => isSame(b.location, location));
    if (known) {
      known.written ||= use.written;
      known.vector &&= use.vector;
      return known;
    }
    const bound: Bound = { variable: `memory_${name}`, type, location, ...use };
    // What is only read may overlap: it becomes one binding, and so does what overlaps that.
    const isOne = (b: Bound) => !b.written && !use.written && overlap(b.location, bound.location);
    for (let other = alike.find(isOne); other; other = alike.find((b) => this.bound.includes(b) && isOne(b)))
      this.absorb(bound, other);
    this.bound.push(bound);
    return bound;
  }

  private absorb(bound: Bound, other: Bound): void {
    bound.location = union(bound.location, other.location);
    bound.vector &&= other.vector;
    this.bound.splice(this.bound.indexOf(other), 1);
    for (const use of this.uses) if (use.bound === other) use.bound = bound;
  }
}

/** From the last place at or before it where a binding can begin. */
function aligned(location: Location): Location {
  const rest = location.offset % OFFSET_ALIGNMENT;
  return { ...location, offset: location.offset - rest, size: location.size + rest };
}

/** Elements of the binding before a value. */
const before = ({ offset, bound, type }: Use) => (offset - bound.location.offset) / bytesOfType(type);

const beforeName = ({ name }: Use) => `before_${name}`;

/** Where element `i` of a value lies in its binding. */
const at = (use: Use) => (before(use) > 0 ? `i + p.${beforeName(use)}` : 'i');

function overlap(a: Location, b: Location): boolean {
  return a.buffer === b.buffer && a.offset < b.offset + b.size && b.offset < a.offset + a.size;
}

function union(a: Location, b: Location): Location {
  const offset = Math.min(a.offset, b.offset);
  return { ...a, offset, size: Math.max(a.offset + a.size, b.offset + b.size) - offset };
}

function isSame(a: Location, b: Location): boolean {
  return a.buffer === b.buffer && a.offset === b.offset && a.size === b.size;
}
