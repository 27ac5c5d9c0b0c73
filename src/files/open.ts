import { isUtf8 } from 'node:buffer';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Module } from '../../grammar/ast.ts';
import { type CheckedModel, checkedModel, type OpenOptions } from '../compiler/model.ts';
import { SpecError } from '../compiler/spec-error.ts';
import { InputError } from '../errors.ts';
import { type LoadedSpec, loadSpec } from '../language/index.ts';
import type { ElaboratedModel } from '../language/model.ts';
import type { RawOverrides } from '../language/model-parameters.ts';
import { nearest } from '../language/suggest.ts';
import { isRegularFile, readBytes } from '../tensors/read-file.ts';
import { openSpecCopy } from './spec-copy.ts';
import { MAX_SPEC_BYTES, nodeFiles, shippedNames, shippedSpecs } from './spec-files.ts';

/** `path`, `path:Model`, or the name of a shipped spec. The path may be the folder of a run. */
export function splitSpec(spec: string): { path: string; model: string | undefined } {
  const match = /^(.*):([A-Za-z_]\w*)$/.exec(spec);
  const [path, model] = match && match[1].length > 1 ? [match[1], match[2]] : [spec, undefined];
  // A folder of that name, such as a run's output, is no spec.
  if (/^[\w-]+$/.test(path) && !isRegularFile(path)) {
    const shipped = join(shippedSpecs, `${path}.arch`);
    if (existsSync(shipped)) return { path: shipped, model };
  }
  return { path, model };
}

/**
 * Loads a spec with all that it imports; what is wrong with it is in its diagnostics. Of a run, the copy in
 * its folder, with the parameters that it was made with.
 *
 * @throws InputError `not-a-run`; `file-not-found`, `not-a-file`, `cannot-read`, `file-too-large` or `not-text` where there is no text to check
 */
export function openSpec(spec: string): {
  readonly loaded: LoadedSpec;
  readonly model: string | undefined;
  readonly set: RawOverrides;
} {
  const { path, model } = splitSpec(spec);
  if (!existsSync(path)) {
    throw new InputError('file-not-found', `there is no spec ${path}`, hintFor(path));
  }
  if (statSync(path).isDirectory()) {
    const copy = openSpecCopy(path);
    return { loaded: loadSpec(copy.entry, copy.files), model: model ?? copy.model, set: copy.set };
  }
  if (!isUtf8(readBytes(path, 'a spec', MAX_SPEC_BYTES))) {
    throw new InputError('not-text', `${path} is not a text file in UTF-8`, 'give a .arch file');
  }
  return { loaded: loadSpec(path, nodeFiles), model, set: {} };
}

/** Where to look instead of a spec that does not exist. */
function hintFor(path: string): string {
  const shipped = shippedNames();
  return nearest(path, shipped) ?? `a .arch file, or one of the shipped specs ${shipped.join(', ')}`;
}

/** The syntax tree of a spec's own file. Throws {@link SpecError} where the text has mistakes. */
export function openAst(spec: string): Module {
  const { loaded } = openSpec(spec);
  const errors = loaded.diagnostics.filter((d) => d.severity === 'error');
  const entry = loaded.modules.get(loaded.entry);
  if (!entry || errors.length > 0) throw new SpecError(errors, loaded);
  return entry.module;
}

/** Loads a spec once, to be checked and elaborated in several ways; each throws {@link SpecError}. */
export function specOpener(spec: string): (options?: OpenOptions) => CheckedModel {
  const { loaded, model, set } = openSpec(spec);
  return (options = {}) => checkedModel(loaded, model, { ...options, set: { ...set, ...options.set } });
}

/** Loads, checks and elaborates a spec. Throws {@link SpecError}. */
export function openChecked(spec: string, options: OpenOptions = {}): CheckedModel {
  return specOpener(spec)(options);
}

/** The model alone: what its spec warns about was said before, or is nobody's concern. */
export function openModel(spec: string, options: OpenOptions = {}): ElaboratedModel {
  return openChecked(spec, options).model;
}
