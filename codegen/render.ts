import Handlebars from 'handlebars';

/** Reads a file of `codegen/` by its path below it, such as `kernels/reduce.wgsl.hbs`. */
export type TemplateSource = (path: string) => string;

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

/** Turns kernels into WGSL. Compiled templates are kept. */
export class Renderer {
  private readonly read: TemplateSource;
  private readonly compiled = new Map<string, Handlebars.TemplateDelegate>();
  private readonly handlebars = Handlebars.create();

  constructor(read: TemplateSource) {
    this.read = read;
    const number = (x: unknown) => Number(x);
    this.handlebars.registerHelper({
      add: (a, b) => number(a) + number(b),
      sub: (a, b) => number(a) - number(b),
      mul: (a, b) => number(a) * number(b),
      div: (a, b) => Math.floor(number(a) / number(b)),
      eq: (a, b) => a === b,
      lt: (a, b) => number(a) < number(b),
      and: (a, b) => a && b,
      or: (a, b) => a || b,
      not: (a) => !a,
      range: (n) => Array.from({ length: number(n) }, (_, i) => i),
    });
  }

  render(kernel: KernelText): string {
    const body = this.template(`kernels/${kernel.template}.wgsl.hbs`)(kernel.options).trim();
    const functions = kernel.functions.map((name) => this.read(`functions/${name}.wgsl`).trim());
    const bindings = kernel.bindings.map((b, i) => ({ ...b, index: i + 1 }));
    const accessors = called(kernel.accessors, [body, ...functions]);
    return this.template('module.wgsl.hbs')({ ...kernel, bindings, functions, accessors, body });
  }

  private template(path: string): Handlebars.TemplateDelegate {
    let template = this.compiled.get(path);
    if (!template) {
      template = this.handlebars.compile(this.read(path), { noEscape: true, strict: true });
      this.compiled.set(path, template);
    }
    return template;
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
