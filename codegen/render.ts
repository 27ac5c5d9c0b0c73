import Handlebars from 'handlebars';

/** Reads a file of `codegen/` by its path below it, such as `kernels/reduce.wgsl.hbs`. */
export type TemplateSource = (path: string) => string;

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
  /** Body of `store_<name>(i: u32, v0: f32)` for each f32 output. */
  readonly stores: readonly { readonly name: string; readonly lines: readonly string[] }[];
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
    return this.template('module.wgsl.hbs')({ ...kernel, bindings, functions, body });
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
