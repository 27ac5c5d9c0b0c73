import type { Entry, ProgramPlan, SourceInfo, SourceKind, TensorInfo } from '../program/program.ts';
import { RuntimeError } from './runtime-error.ts';
import type { OutputName, TensorData } from './session.ts';

/** A program's tensors and entries by their names. */
export class ProgramTensors {
  private readonly program: ProgramPlan;
  private readonly sources: ReadonlyMap<string, SourceInfo>;

  constructor(program: ProgramPlan) {
    this.program = program;
    this.sources = new Map(program.tensors.map((t) => [`${t.kind}:${t.name}`, t]));
  }

  has(kind: SourceKind, name: string): boolean {
    return this.sources.has(`${kind}:${name}`);
  }

  /** @throws RuntimeError `bad-entry` */
  entry(name: string): Entry {
    const { entries } = this.program;
    if (Object.hasOwn(entries, name)) return entries[name];
    const names = Object.keys(entries).join(', ');
    throw new RuntimeError('bad-entry', `the program has no entry ${name}, but ${names}`);
  }

  /** @throws RuntimeError `bad-tensor` */
  source(kind: SourceKind, name: string): SourceInfo {
    const tensor = this.sources.get(`${kind}:${name}`);
    if (!tensor) throw new RuntimeError('bad-tensor', `the program has no ${kind} named ${name}`);
    return tensor;
  }

  /** @throws RuntimeError `bad-tensor`, `bad-entry` */
  output({ entry, name }: OutputName): TensorInfo {
    const tensor = this.entry(entry).outputs.find((t) => t.name === name);
    if (!tensor) throw new RuntimeError('bad-tensor', `the entry ${entry} has no output named ${name}`);
    return tensor;
  }

  /** What says of entries that values were beyond half precision, under the entries' names. */
  overflowFlags(entries: Iterable<string>): TensorInfo[] {
    return [...new Set(entries)].flatMap((name) => {
      const { overflow } = this.entry(name);
      return overflow ? [{ name, dtype: 'i32' as const, shape: [], ...overflow }] : [];
    });
  }

  /**
   * The place of a source that is to be written with data.
   *
   * @throws RuntimeError `bad-tensor` where these are of another length or type
   */
  written(kind: SourceKind, name: string, data: TensorData): SourceInfo {
    const tensor = this.source(kind, name);
    const count = elementCount(tensor);
    if (data.length !== count) {
      throw new RuntimeError(
        'bad-tensor',
        `${name} holds ${count} values, ${data.length} were given`,
        `an array for [${tensor.shape.join(', ')}]`,
      );
    }
    if (data instanceof Int32Array !== (tensor.dtype === 'i32')) {
      const wanted = tensor.dtype === 'i32' ? 'an Int32Array of whole numbers' : 'a Float32Array';
      throw new RuntimeError('bad-tensor', `${name} is ${tensor.dtype}, other numbers were given`, wanted);
    }
    return tensor;
  }
}

/**
 * Results without those of the flags behind them.
 *
 * @throws RuntimeError `half-overflow` where a flag is set
 */
export function unlessBeyondHalf(
  results: readonly TensorData[],
  flags: readonly TensorInfo[],
): readonly TensorData[] {
  const count = results.length - flags.length;
  const over = flags.find((_, i) => results[count + i][0] !== 0);
  if (!over) return results.slice(0, count);
  throw new RuntimeError('half-overflow', `values of ${over.name} exceed the range of half precision, 65504`);
}

export function elementCount({ shape }: Pick<TensorInfo, 'shape'>): number {
  return shape.reduce((n, d) => n * d, 1);
}

/** Data of a tensor that lie in a buffer. */
export function dataAt({ dtype, shape }: TensorInfo, buffer: ArrayBuffer, offset: number): TensorData {
  const Data = dtype === 'f32' ? Float32Array : Int32Array;
  return new Data(buffer, offset, elementCount({ shape }));
}
