export type Template = (
  context: unknown,
  options: { readonly helpers: Readonly<Record<string, (...args: never[]) => unknown>> },
) => string;

/** The files of this folder: those of `codegen/templates.ts`, or of what a build holds in its place. */
export interface Templates {
  /** A template by its path, such as `kernels/reduce.wgsl.hbs`. */
  template(path: string): Template;
  /** What a file holds, such as `functions/erf.wgsl`. */
  text(path: string): string;
}

/**
 * A generated function through which a template reads or writes memory. Templates see no binding; where an operand
 * `x` lies, in which layout and type, and what is computed on the way, stands only here:
 * - `load_x(i: u32) -> f32` (`i32` for whole numbers): element i.
 * - `load4_x(i: u32) -> vec4<f32>`: elements i to i + 3, where i is a multiple of 4 (an index of elements, not of
 *   quads). Only for a read that says `vector`.
 * - `store_y(i: u32, v0: f32)` (or `i32`).
 */
export interface Accessor {
  readonly name: string;
  readonly parameters: string;
  readonly result?: string;
  readonly lines: readonly string[];
}

export interface KernelText {
  readonly title: string;
  /** Extensions of WGSL. */
  readonly enables: readonly 'f16'[];
  readonly template: string;
  readonly options: Readonly<Record<string, string | number | boolean>>;
  readonly uniforms: readonly { readonly name: string; readonly type: string }[];
  readonly bindings: readonly {
    readonly name: string;
    readonly type: string;
    readonly access: 'read' | 'read_write';
  }[];
  /** Those that the kernel calls become part of its text. */
  readonly accessors: readonly Accessor[];
  /** Names of files in `codegen/functions`. */
  readonly functions: readonly string[];
}

const number = (x: unknown) => Number(x);
const helpers = {
  add: (a: unknown, b: unknown) => number(a) + number(b),
  sub: (a: unknown, b: unknown) => number(a) - number(b),
  mul: (a: unknown, b: unknown) => number(a) * number(b),
  div: (a: unknown, b: unknown) => Math.floor(number(a) / number(b)),
  eq: (a: unknown, b: unknown) => a === b,
  lt: (a: unknown, b: unknown) => number(a) < number(b),
  and: (a: unknown, b: unknown) => a && b,
  or: (a: unknown, b: unknown) => a || b,
  not: (a: unknown) => !a,
  list: (...items: unknown[]) => items.slice(0, -1),
  /** The item of that number; Handlebars adds an argument at the end. */
  pick: (i: unknown, ...items: unknown[]) => items[number(i)],
  range: (n: unknown) => Array.from({ length: number(n) }, (_, i) => i),
};

/** Turns kernels into WGSL. Templates are kept. */
export class Renderer {
  private readonly files: Templates;
  private readonly templates = new Map<string, Template>();
  /** What templates gave, by their names and options: kernels of one body differ in what they load and store. */
  private readonly bodies = new Map<string, string>();

  constructor(files: Templates) {
    this.files = files;
  }

  render(kernel: KernelText): string {
    const body = this.body(kernel);
    const functions = kernel.functions.map((name) => this.files.text(`functions/${name}.wgsl`).trim());
    const bindings = kernel.bindings.map((b, i) => ({ ...b, index: i + 1 }));
    const accessors = called(kernel.accessors, [body, ...functions]);
    return this.run('module.wgsl.hbs', { ...kernel, bindings, functions, accessors, body });
  }

  private body({ template, options }: KernelText): string {
    const key = `${template} ${JSON.stringify(options)}`;
    const known = this.bodies.get(key);
    if (known !== undefined) return known;
    const body = this.run(`kernels/${template}.wgsl.hbs`, options).trim();
    this.bodies.set(key, body);
    return body;
  }

  private run(path: string, context: unknown): string {
    let known = this.templates.get(path);
    if (!known) {
      known = this.files.template(path);
      this.templates.set(path, known);
    }
    return known(context, { helpers });
  }
}

/** The accessors that some text calls, or that one of them calls. */
function called(accessors: readonly Accessor[], texts: readonly string[]): readonly Accessor[] {
  const names = new Set<string>();
  const waiting = [...texts];
  for (let text = waiting.pop(); text !== undefined; text = waiting.pop()) {
    for (const a of accessors) {
      if (names.has(a.name) || !new RegExp(`\\b${a.name}\\(`).test(text)) continue;
      names.add(a.name);
      waiting.push(...a.lines);
    }
  }
  return accessors.filter((a) => names.has(a.name));
}
