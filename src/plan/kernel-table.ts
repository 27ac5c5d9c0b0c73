import type { KernelText, Renderer } from '../../codegen/render.ts';
import type { UniformType } from '../ir/kernel.ts';
import { OFFSET_ALIGNMENT, roundUp } from '../ir/packing.ts';
import type { DeviceFeature, KernelInfo } from '../program/program.ts';
import type { DraftKernel } from './kernels.ts';
import { PlanError, SMALLER } from './plan-error.ts';

/** The feature of a device that lets kernels enable an extension of WGSL. */
const featureOf: Readonly<Record<KernelText['enables'][number], DeviceFeature>> = { f16: 'shader-f16' };

/** How the drafts of one kernel bind its memory. */
interface Drafted {
  readonly text: KernelText;
  /** The text with all memory bound as writable. */
  readonly writable: string;
  /** All of them agree in what they only read. */
  alike: boolean;
}

/** Kernels and uniforms of a program: each text and each block of uniforms once, whoever uses it. */
export class KernelTable {
  private readonly renderer: Renderer;
  private readonly needed = new Set<DeviceFeature>();
  private readonly drafted: Drafted[] = [];
  private readonly words: number[] = [];
  /** By their text with all memory bound alike. */
  private readonly kernelOf = new Map<string, number>();
  /** The same by what texts are rendered of: most drafts are like one before. */
  private readonly known = new Map<string, number>();
  private readonly uniformAt = new Map<string, number>();

  constructor(renderer: Renderer) {
    this.renderer = renderer;
  }

  /** The index of a draft's kernel. */
  kernel({ text }: DraftKernel): number {
    const writable = allWritable(text);
    const content = JSON.stringify(writable);
    const index = this.known.get(content) ?? this.rendered(text, this.renderer.render(writable));
    this.known.set(content, index);
    const drafted = this.drafted[index];
    drafted.alike &&= text.bindings.every((b, i) => b.access === drafted.text.bindings[i].access);
    return index;
  }

  /** The index of the kernel with a text. */
  private rendered(text: KernelText, writable: string): number {
    const known = this.kernelOf.get(writable);
    if (known !== undefined) return known;
    this.kernelOf.set(writable, this.drafted.length);
    for (const extension of text.enables) this.needed.add(featureOf[extension]);
    return this.drafted.push({ text, writable, alike: true }) - 1;
  }

  /**
   * The kernels, once all are drafted. One that here reads weights where it there reads what may be written binds all
   * of its memory as writable: drivers would compile it twice, and a dispatch binds a buffer in one way throughout.
   */
  get kernels(): KernelInfo[] {
    return this.drafted.map(({ text, writable, alike }, index) => {
      const bound = alike ? text : allWritable(text);
      return {
        name: `${String(index).padStart(3, '0')}-${text.template}`,
        bindings: bound.bindings.map((b) => b.access),
        hasUniforms: text.uniforms.length > 0,
        wgsl: alike ? this.renderer.render(text) : writable,
      };
    });
  }

  /** Where a draft's uniforms lie, in bytes. */
  uniforms({ uniforms, table }: DraftKernel): [offset: number, size: number] {
    const words = packUniforms(uniforms);
    if (table.length > 0) {
      // A row is a vec4, which starts at a multiple of its size.
      while (words.length % 4 !== 0) words.push(0);
      words.push(...packUniforms(table.map((n) => ['table', 'u32', n])));
    }
    const key = words.join(' ');
    let at = this.uniformAt.get(key);
    if (at === undefined) {
      at = roundUp(this.words.length, OFFSET_ALIGNMENT / 4);
      while (this.words.length < at) this.words.push(0);
      this.words.push(...words);
      this.uniformAt.set(key, at);
    }
    return [4 * at, roundUp(4 * words.length, 16)];
  }

  /** What the kernels need of a device. */
  get features(): readonly DeviceFeature[] {
    return [...this.needed].sort();
  }

  /** Contents of the uniform buffer, which is never empty. */
  get uniformWords(): readonly number[] {
    const rest = roundUp(Math.max(this.words.length, 1), OFFSET_ALIGNMENT / 4) - this.words.length;
    return [...this.words, ...new Array<number>(rest).fill(0)];
  }
}

function allWritable(text: KernelText): KernelText {
  return { ...text, bindings: text.bindings.map((b) => ({ ...b, access: 'read_write' })) };
}

/** What whole numbers of a type go from and to. */
const ranges = {
  i32: [-(2 ** 31), 2 ** 31 - 1],
  u32: [0, 2 ** 32 - 1],
} as const;

function packUniforms(uniforms: readonly (readonly [string, UniformType, number])[]): number[] {
  const view = new DataView(new ArrayBuffer(4));
  return uniforms.map(([name, type, value]) => {
    if (type === 'f32' ? !Number.isFinite(Math.fround(value)) : !Number.isInteger(value))
      throw new Error(`${name} = ${value} is not a ${type}`);
    if (type !== 'f32' && (value < ranges[type][0] || value > ranges[type][1]))
      throw new PlanError(
        'size-too-large',
        `${name} = ${value} does not fit 32 bits, as kernels count`,
        SMALLER,
      );
    if (type === 'f32') view.setFloat32(0, value, true);
    else if (type === 'i32') view.setInt32(0, value, true);
    else view.setUint32(0, value, true);
    return view.getUint32(0, true);
  });
}
