import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { InputError } from '../errors.ts';
import type { Diagnostic } from '../language/index.ts';
import { elaborate, loadProgram, type Program } from '../language/index.ts';
import type { ElaboratedModel, TrainSection } from '../language/program.ts';
import { ops } from '../ops/index.ts';
import { nodeFiles } from './files.ts';

/** A spec with mistakes; rendered by the command line with the lines it points at. */
export class SpecError extends Error {
  override readonly name = 'SpecError';
  readonly diagnostics: readonly Diagnostic[];
  readonly program: Program;

  constructor(diagnostics: readonly Diagnostic[], program: Program) {
    super(`${diagnostics.length} mistakes in the spec`);
    this.diagnostics = diagnostics;
    this.program = program;
  }
}

export interface OpenOptions {
  /** Raw `--set` text by parameter. */
  readonly set?: Readonly<Record<string, string>>;
  readonly batch?: number;
  /** Dropout and drop-path are on. */
  readonly training?: boolean;
}

/** `path`, `path:Model`, or the name of a shipped spec. */
export function splitSpec(spec: string): { path: string; model: string | undefined } {
  const match = /^(.*):([A-Za-z_]\w*)$/.exec(spec);
  const [path, model] = match && match[1].length > 1 ? [match[1], match[2]] : [spec, undefined];
  if (!existsSync(path) && /^[\w-]+$/.test(path)) {
    const shipped = fileURLToPath(new URL(`../../specs/${path}.arch`, import.meta.url));
    if (existsSync(shipped)) return { path: shipped, model };
  }
  return { path, model };
}

export function openProgram(spec: string): { program: Program; model: string | undefined } {
  const { path, model } = splitSpec(spec);
  return { program: loadProgram(path, nodeFiles), model };
}

/** Loads, checks and elaborates a spec. Throws {@link SpecError}. */
export function openModel(spec: string, options: OpenOptions = {}): ElaboratedModel {
  const { program, model: name } = openProgram(spec);
  const { model, diagnostics } = elaborate(program, name, options.set ?? {}, options.batch ?? 1, ops, {
    training: options.training ?? false,
  });
  const errors = diagnostics.filter((d) => d.severity === 'error');
  if (!model || errors.length > 0) throw new SpecError(errors, program);
  return model;
}

/** The `train` section to use: the one named, else the model's first. */
export function trainSection(model: ElaboratedModel, name?: string): TrainSection {
  const section = name === undefined ? model.train[0] : model.train.find((s) => s.name === name);
  if (!section) {
    const known = model.train.map((s) => s.name).join(', ');
    throw new InputError(
      'no-train-section',
      name === undefined
        ? `${model.name} has no train section`
        : `${model.name} has no train section named ${name}`,
      known
        ? `one of: ${known}`
        : `add \`train Name for ${model.name} { loss = cross_entropy … }\` to the spec`,
    );
  }
  return section;
}
