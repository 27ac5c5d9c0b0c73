import type { Decl } from '../../grammar/ast.ts';
import type { Span } from '../../grammar/span.ts';
import { Dim, formatDims, type Symbol as NamedSize, sameDims } from '../ir/dim.ts';
import type { Context } from './context.ts';
import { evaluateIndices, type Host, type Item, itemsOf, type ModelHooks } from './declarations.ts';
import { firstPlace } from './diagnostics/index.ts';
import { syntaxDiagnostics } from './diagnostics/syntax.ts';
import { Env } from './env.ts';
import type { EffectiveModel } from './extends.ts';
import type { ModelInput, ModelOutput } from './model.ts';
import { condition } from './operators.ts';
import { namesIn } from './origins.ts';
import { concreteShape, evaluateShape, shapeLabel } from './shapes.ts';
import { tensorsIn } from './unreached.ts';
import { describe, ERROR, isInt, NONE, showPath } from './values.ts';

type DeclOf<K extends Decl['kind']> = Extract<Decl, { kind: K }>;

/** What the graph of a step takes besides the model's inputs: labels, learning rate and the like, random numbers. */
const stepInputs: readonly string[] = ['target', 'hyper', 'rng'];

/** The body of a model while it is worked through: inputs, `forward`, outputs, variants. */
export class ModelBody implements ModelHooks {
  readonly host: Host;
  readonly inputs: ModelInput[] = [];
  readonly outputs: ModelOutput[] = [];
  failed = false;
  private readonly c: Context;
  private readonly model: EffectiveModel;
  private variants: ReadonlyMap<string, string> = new Map();
  private firstForward: Span | undefined;
  private readonly places = new Map<string, Span>();
  /** An output whose value or shape is wrong, so that their number says nothing. */
  private outputDeclared = false;

  constructor(c: Context, model: EffectiveModel, env: Env) {
    this.c = c;
    this.model = model;
    this.host = {
      name: model.component.name.name,
      path: '',
      env,
      declared: new Map(),
      indexed: new Map(),
      instance: undefined,
      model: this,
      refused: false,
      fail: () => {
        this.failed = true;
      },
    };
  }

  choose(variants: ReadonlyMap<string, string>): void {
    this.variants = variants;
  }

  input(decl: DeclOf<'input'>, env: Env): void {
    const { name, span } = decl.name;
    this.nameSizes(decl, env);
    const dims = evaluateShape(this.c, decl.shape, env);
    const shape = dims && concreteShape(this.c, dims, this.c.batch, `the input \`${name}\``, decl.shape.span);
    this.unique(`input ${name}`, name, span);
    if (stepInputs.includes(name)) this.c.report('reserved-input', span, { name });
    if (!dims || !shape) {
      this.failed = true;
      env.set(name, ERROR);
      return;
    }
    const value = this.c.builder.source('input', name, shape);
    this.inputs.push({ name, value, dims, shape });
    env.set(name, { kind: 'tensor', id: value, dims, dtype: 'f32', span, from: `the input \`${name}\`` });
  }

  /** Whether `key` is new; a second one is reported with the place of the first. */
  private unique(key: string, name: string, span: Span): boolean {
    const first = this.places.get(key);
    if (first) this.c.report('duplicate-name', span, { name }, { labels: [firstPlace(first)] });
    else this.places.set(key, span);
    return !first;
  }

  /** Sizes bound by `let` become what shapes are printed in terms of. */
  private nameSizes(decl: DeclOf<'input'>, env: Env): void {
    for (const axis of decl.shape.dims) {
      if (axis.kind !== 'name' || env.origins.get(axis.name)?.kind !== 'let') continue;
      const value = env.get(axis.name);
      if (!value || !isInt(value) || value.origin) continue;
      const origin: NamedSize = { name: axis.name, size: value.num };
      env.set(axis.name, { ...value, origin });
    }
  }

  forward(decl: DeclOf<'forward'>, env: Env): void {
    const { c } = this;
    if (decl.hasParams && decl.fn.params.length > 0) {
      c.report(
        'misplaced-declaration',
        decl.keyword,
        { what: "a model's `forward` takes no arguments" },
        {
          hint: 'declare `input x: […]` and use it in forward { … }',
        },
      );
      this.failed = true;
    }
    if (this.firstForward) {
      const labels = [firstPlace(this.firstForward)];
      c.report('misplaced-declaration', decl.keyword, { what: 'a model has one `forward`' }, { labels });
      return;
    }
    this.firstForward = decl.keyword;
    const inner = new Env(env.scope, env);
    for (const param of decl.fn.params) inner.set(param.name.name, ERROR);
    c.limits.called(decl.span, () => c.inFunction(() => c.run(decl.fn.body, inner)));
    // What it binds can be used by the outputs below.
    for (const [name, value] of inner.vars) env.set(name, value);
  }

  output(decl: DeclOf<'output'>, env: Env): void {
    const { c } = this;
    this.outputDeclared = true;
    const cond = condition(c, decl.cond, env);
    if (cond === false) {
      // What leads to this output is of use with other values.
      for (const name of namesIn(decl.value)) c.notes.excused.push(...tensorsIn(env.get(name) ?? NONE));
      return;
    }
    const indices = evaluateIndices(c, decl.indices, env);
    const dims = evaluateShape(c, decl.shape, env);
    const value = c.evaluate(decl.value, env);
    const name = [decl.name.name, ...(indices ?? [])].join('.');
    if (value.kind !== 'tensor' || !dims || !indices || cond === undefined) {
      this.failed = true;
      if (value.kind !== 'error' && value.kind !== 'tensor') {
        const found = describe(value);
        c.report('wrong-type', decl.value.span, {
          what: `the output \`${showPath(name)}\``,
          expected: 'a tensor',
          found,
        });
      }
      return;
    }
    if (!this.unique(`output ${name}`, showPath(name), decl.name.span)) return;
    if (!sameDims(dims, value.dims)) {
      this.failed = true;
      const what = `the output \`${showPath(name)}\``;
      const [expected, found] = [formatDims(dims), formatDims(value.dims)];
      c.report(
        'result-mismatch',
        decl.shape.span,
        { what, expected, found },
        {
          labels: [shapeLabel(value, decl.value.span)],
        },
      );
      return;
    }
    if (!dims[0]?.equals(Dim.B)) {
      this.failed = true;
      c.report(
        'output-without-batch',
        decl.shape.span,
        { what: `the output \`${showPath(name)}\``, found: formatDims(dims) },
        { labels: [shapeLabel(value, decl.value.span)] },
      );
      return;
    }
    c.builder.output(name, value.id);
    this.outputs.push({ name, value: value.id, dims, span: decl.name.span });
  }

  alternative(decl: DeclOf<'variant'>, env: Env): readonly Item[] {
    const { name } = decl.name;
    const chosen = this.variants.get(name) ?? decl.alternatives[0]?.name.name;
    const alternative = decl.alternatives.find((a) => a.name.name === chosen);
    if (!alternative) {
      this.c.report('misplaced-declaration', decl.name.span, {
        what: `the variant \`${name}\` has no alternatives`,
      });
      this.failed = true;
      return [];
    }
    env.set(name, { kind: 'enum', value: alternative.name.name, alternatives: decl.alternatives });
    return itemsOf(alternative.body, this.model.alternativeScopes.get(alternative) ?? env.scope);
  }

  /** Whether the text of the model has mistakes: what it seems to lack may stand there. */
  private damaged(): boolean {
    const { file, start, end } = this.model.component.span;
    return this.c.reporter.diagnostics.some(
      ({ code, span }) =>
        code in syntaxDiagnostics && span.file === file && span.start >= start && span.start < end,
    );
  }

  finish(): void {
    const { c, model } = this;
    const { name } = model.component;
    const keyword = name.span;
    if (this.failed || this.damaged()) return;
    if (this.inputs.length === 0) {
      c.report(
        'misplaced-declaration',
        keyword,
        { what: `${name.name} has no \`input\`` },
        {
          hint: 'declare input image: [B, channels, H, W]',
        },
      );
    } else if (!this.firstForward) c.report('no-forward', keyword, { name: name.name });
    else if (!this.outputDeclared) {
      c.report(
        'misplaced-declaration',
        keyword,
        { what: `${name.name} has no \`output\`` },
        {
          hint: 'declare output logits: [B, classes, H, W] = …',
        },
      );
    }
  }
}
