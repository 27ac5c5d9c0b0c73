import type { Component } from '../../grammar/ast.ts';
import { GraphBuilder } from '../ir/builder.ts';
import type { OpTable } from '../ir/op.ts';
import { evaluateArguments } from './arguments.ts';
import { call, callInstance } from './calls.ts';
import { type Context, Limits, Stop } from './context.ts';
import { runDeclarations } from './declarations.ts';
import type { Diagnostic, Reporter } from './diagnostics/index.ts';
import { Env } from './env.ts';
import { evaluate, runStatements } from './evaluate.ts';
import type { EffectiveModel } from './extends.ts';
import { instantiate } from './instantiate.ts';
import { type Buffer, type ElaboratedModel, storedTensors } from './model.ts';
import { ModelBody } from './model-body.ts';
import { bindModelParameters, type RawOverrides } from './model-parameters.ts';
import type { LoadedSpec } from './modules.ts';
import { elaboratePretrained } from './pretrained.ts';
import { sectionsOf } from './sections.ts';
import { checkSupervised, supervises, warnUnsupervised } from './supervised-outputs.ts';
import { elaborateTrain } from './train.ts';
import { UseNotes, warnUnreached } from './unreached.ts';

export interface ElaborateOptions {
  readonly batch: number;
  readonly ops: OpTable;
  /** What `training` is in the spec: batch statistics instead of running ones, updates of buffers. */
  readonly training: boolean;
  /** Keeps ops that draw random numbers, such as drop_path. Left out: as `training`. */
  readonly stochastic?: boolean;
  /** Told that the spec reads `training` or updates a buffer: the other mode has another graph. */
  onModeRead?(): void;
  /** Told of each block that is instantiated. */
  onInstance?(component: Component): void;
  /** Places (`file start`) of names that are known to be unused: what follows from that is not warned about again. */
  readonly unused?: ReadonlySet<string>;
}

export function makeContext(loaded: LoadedSpec, reporter: Reporter, options: ElaborateOptions): Context {
  let functions = 0;
  const c: Context = {
    reporter,
    report: reporter.report,
    builder: new GraphBuilder(options.ops),
    ops: options.ops,
    library: loaded.library,
    own: loaded.own,
    training: options.training,
    stochastic: options.stochastic ?? options.training,
    asksForMode: () => options.onModeRead?.(),
    batch: options.batch,
    parameters: [],
    buffers: [],
    modules: [],
    notes: new UseNotes(options.unused ?? new Set()),
    instantiated: (component) => options.onInstance?.(component),
    building: [],
    limits: new Limits(reporter.report),
    get functions() {
      return functions;
    },
    inFunction: (f) => {
      functions++;
      try {
        return f();
      } finally {
        functions--;
      }
    },
    evaluate: (expr, env) => evaluate(c, expr, env),
    run: (statements, env) => runStatements(c, statements, env),
    call: (callee, args, span, env) => call(c, callee, args, span, env),
    arguments: (args, env) => evaluateArguments(c, args, env),
    instantiate: (application, path) => instantiate(c, application, path),
    callInstance: (instance, args, span) => callInstance(c, instance, args, span),
  };
  return c;
}

/** Builds the forward graph of a model. Everything that is wrong is reported; then there is no model. */
export function elaborateModel(
  loaded: LoadedSpec,
  model: EffectiveModel,
  overrides: RawOverrides,
  options: ElaborateOptions,
  reporter: Reporter,
): ElaboratedModel | undefined {
  const before = reporter.errors;
  let modeRead = false;
  const onModeRead = () => {
    modeRead = true;
    options.onModeRead?.();
  };
  const c = makeContext(loaded, reporter, { ...options, onModeRead });
  const { component } = model;
  const env = new Env(model.scope);
  const body = new ModelBody(c, model, env);
  try {
    const chosen = bindModelParameters(c, loaded, model, overrides, env);
    body.choose(chosen.variants);
    c.modules.push({ path: '', block: component.name.name });
    c.building.push({ component, path: '', span: component.name.span });
    runDeclarations(c, model.body, body.host);
    c.building.pop();
    body.finish();
    const sections = sectionsOf(loaded, model, 'train');
    // With other values than the defaults a module may be absent that a section names with reason.
    const changed = Object.keys(overrides).some((key) => !key.startsWith('train.'));
    const defaults = !changed && !body.failed;
    const parameters = defaults ? c.parameters.map((p) => p.name) : undefined;
    const train = sections.flatMap((section) => {
      const result = elaborateTrain(c, section, chosen.train, body.outputs, body.failed, parameters);
      if (result && !body.failed) checkSupervised(c, section.decl, result, body.outputs);
      return result ? [result] : [];
    });
    const names = defaults ? storedTensors(c).map((p) => p.name) : undefined;
    const pretrained = sectionsOf(loaded, model, 'pretrained').flatMap((section) => {
      const result = elaboratePretrained(c, section, names);
      return result ? [result] : [];
    });
    if (reporter.errors > before || body.failed) return undefined;
    const graph = c.builder.build();
    // Outside of training a spec that asks for the mode may leave out what it trains.
    if (options.training || !modeRead) warnUnreached(c, graph);
    const declared = chosen.train.has('supervise') || sections.some(({ decl }) => supervises(decl));
    const described = new Set(train.flatMap(({ heads = {} }) => Object.keys(heads)));
    if (sections.length > 0 && !declared) warnUnsupervised(c, body.outputs, described);
    return {
      name: component.name.name,
      doc: component.doc,
      config: chosen.config,
      set: overrides,
      batch: options.batch,
      graph,
      inputs: body.inputs,
      outputs: body.outputs,
      parameters: c.parameters,
      buffers: c.buffers.map(({ dims, ...buffer }): Buffer => buffer),
      modules: c.modules,
      train,
      pretrained,
    };
  } catch (e) {
    if (e instanceof Stop) return undefined;
    throw e;
  }
}

export type { Diagnostic };
