import type { Accessor, KernelText } from '../../codegen/render.ts';
import { bytesOfType, type MemoryType } from '../ir/storage.ts';
import type { Location } from './location.ts';

/** Memory that a kernel binds, under whatever names its template knows what lies there. */
export interface Bound {
  readonly variable: string;
  readonly type: MemoryType | 'atomic<u32>';
  /** Grows where a kernel reads a whole and a part of it. */
  location: Location;
  written: boolean;
  /** All its readers ask for vectors, so it is declared as an array of them. */
  vector: boolean;
}

/** The bindings of one kernel, and the functions that read them. What lies in memory as f16 is read as f32. */
export class Bindings {
  private readonly bound: Bound[] = [];
  private readonly loads: {
    readonly name: string;
    readonly type: MemoryType;
    readonly bound: Bound;
    readonly vector: boolean;
    /** Where what is read begins, in bytes. */
    readonly offset: number;
  }[] = [];

  /** Makes `load_<name>` read what lies at `location`, and `load4_<name>` if it is read as vectors. */
  read(name: string, type: MemoryType, location: Location, vector = false): void {
    const bound = this.bind(name, type, location, { written: false, vector });
    this.loads.push({ name, type, bound, vector, offset: location.offset });
  }

  /** Memory that the kernel writes. Its template may read it as well. */
  write(name: string, type: MemoryType, location: Location): Bound {
    const bound = this.bind(name, type, location, { written: true, vector: false });
    this.loads.push({ name, type, bound, vector: false, offset: location.offset });
    return bound;
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
        type: b.vector ? `vec4<${b.type}>` : b.type,
        access: shared ? 'read_write' : 'read',
      };
    });
  }

  accessors(): Accessor[] {
    return this.loads.flatMap(({ name, type, bound, vector, offset }) => {
      const { variable } = bound;
      const element = type === 'f16' ? 'f32' : type;
      const before = (offset - bound.location.offset) / bytesOfType(type);
      const at = before === 0 ? 'i' : `i + ${before}u`;
      const quad = before === 0 ? 'i / 4u' : `(i + ${before}u) / 4u`;
      const load = (as: string, result: string, held: string, from: string): Accessor => ({
        name: as,
        parameters: 'i: u32',
        result,
        lines: [`return ${result === held ? from : `${result}(${from})`};`],
      });
      const scalar = bound.vector ? `${variable}[${quad}][i % 4u]` : `${variable}[${at}]`;
      const one = load(`load_${name}`, element, type, scalar);
      if (!vector) return [one];
      const four = bound.vector
        ? `${variable}[${quad}]`
        : `vec4<${type}>(${[0, 1, 2, 3].map((k) => `${variable}[i + ${before + k}u]`).join(', ')})`;
      return [one, load(`load4_${name}`, `vec4<${element}>`, `vec4<${type}>`, four)];
    });
  }

  /** One binding for each place, however many names it goes by. */
  private bind(
    name: string,
    type: Bound['type'],
    location: Location,
    use: { readonly written: boolean; readonly vector: boolean },
  ): Bound {
    const alike = this.bound.filter((b) => b.type === type);
    const known =
      alike.find((b) => isSame(b.location, location)) ??
      alike.find((b) => !b.written && !use.written && overlap(b.location, location));
    if (!known) {
      const bound = { variable: `memory_${name}`, type, location, ...use };
      this.bound.push(bound);
      return bound;
    }
    known.location = union(known.location, location);
    known.written ||= use.written;
    known.vector &&= use.vector;
    return known;
  }
}

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
