import type { Accessor, KernelText } from '../../codegen/render.ts';
import type { DType } from '../ir/graph.ts';
import type { Location } from './location.ts';

/** Memory that a kernel binds, under whatever names its template knows what lies there. */
export interface Bound {
  readonly variable: string;
  readonly dtype: DType;
  /** Grows where a kernel reads a whole and a part of it. */
  location: Location;
  written: boolean;
  /** All its readers ask for vectors, so it is declared as an array of them. */
  vector: boolean;
}

/** The bindings of one kernel, and the functions that read them. */
export class Bindings {
  private readonly bound: Bound[] = [];
  private readonly loads: {
    readonly name: string;
    readonly bound: Bound;
    readonly vector: boolean;
    /** Where what is read begins, in bytes. */
    readonly offset: number;
  }[] = [];

  /** Makes `load_<name>` read what lies at `location`, and `load4_<name>` if it is read as vectors. */
  read(name: string, dtype: DType, location: Location, vector = false): void {
    const bound = this.bind(name, dtype, location, { written: false, vector });
    this.loads.push({ name, bound, vector, offset: location.offset });
  }

  /** Memory that the kernel writes. Its template may read it as well. */
  write(name: string, dtype: DType, location: Location): Bound {
    const bound = this.bind(name, dtype, location, { written: true, vector: false });
    this.loads.push({ name, bound, vector: false, offset: location.offset });
    return bound;
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
        type: b.vector ? `vec4<${b.dtype}>` : b.dtype,
        access: shared ? 'read_write' : 'read',
      };
    });
  }

  accessors(): Accessor[] {
    return this.loads.flatMap(({ name, bound, vector, offset }) => {
      const { variable, dtype } = bound;
      const before = (offset - bound.location.offset) / 4;
      const at = before === 0 ? 'i' : `i + ${before}u`;
      const quad = before === 0 ? 'i / 4u' : `(i + ${before}u) / 4u`;
      const scalar = `load_${name}`;
      const one: Accessor = {
        name: scalar,
        parameters: 'i: u32',
        result: dtype,
        lines: [`return ${bound.vector ? `${variable}[${quad}][i % 4u]` : `${variable}[${at}]`};`],
      };
      if (!vector) return [one];
      const four = bound.vector
        ? `${variable}[${quad}]`
        : `vec4<${dtype}>(${[0, 1, 2, 3].map((k) => `${variable}[i + ${before + k}u]`).join(', ')})`;
      const all = { name: `load4_${name}`, parameters: 'i: u32', result: `vec4<${dtype}>` };
      return [one, { ...all, lines: [`return ${four};`] }];
    });
  }

  /** One binding for each place, however many names it goes by. */
  private bind(
    name: string,
    dtype: DType,
    location: Location,
    use: { readonly written: boolean; readonly vector: boolean },
  ): Bound {
    const alike = this.bound.filter((b) => b.dtype === dtype);
    const known =
      alike.find((b) => isSame(b.location, location)) ??
      alike.find((b) => location.arena && !b.written && !use.written && overlap(b.location, location));
    if (!known) {
      const bound = { variable: `memory_${name}`, dtype, location, ...use };
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
