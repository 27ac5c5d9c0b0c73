import { dirname, resolve } from 'node:path';
import { InputError } from '../errors.ts';
import type { ElaboratedModel, PretrainedSection } from '../language/program.ts';
import { nearest } from '../language/suggest.ts';
import { readSafetensors } from '../tensors/safetensors.ts';
import type { Tensor } from '../tensors/tensor.ts';
import { readTorchCheckpoint } from '../tensors/torch-checkpoint.ts';
import { isCheckpoint, parameterEntries } from './checkpoint.ts';
import {
  matchPretrained,
  type PretrainedMatch,
  type PretrainedRow,
  strictRules,
} from './pretrained-match.ts';

/** Where a run's first weights come from. */
export interface PretrainedSource {
  readonly path: string;
  /** Rules for the file's names; `undefined` where the model has no section, and the names must be its own. */
  readonly section: PretrainedSection | undefined;
}

/** What was loaded from a file. */
export interface PretrainedReport extends PretrainedMatch {
  readonly path: string;
  readonly section: string | undefined;
}

/**
 * The file to start from.
 *
 * @param file from the command line; else that of the section, which is relative to its spec
 * @param sectionName which section's rules; else the model's first
 * @returns `undefined` where neither names a file
 * @throws InputError `no-pretrained-section` where the model has no section of that name
 */
export function pretrainedSource(
  model: ElaboratedModel,
  file: string | undefined,
  sectionName: string | undefined,
): PretrainedSource | undefined {
  const names = model.pretrained.map((s) => s.name);
  const section =
    sectionName === undefined ? model.pretrained[0] : model.pretrained.find((s) => s.name === sectionName);
  if (sectionName !== undefined && !section) {
    const near = nearest(sectionName, names);
    throw new InputError(
      'no-pretrained-section',
      `${model.name} has no pretrained section named ${sectionName}`,
      near ?? (names.length > 0 ? `one of: ${names.join(', ')}` : 'leave the name out'),
    );
  }
  if (file !== undefined) return { path: file, section };
  if (section?.file === undefined) return undefined;
  return { path: resolve(dirname(section.spec), section.file), section };
}

/**
 * Reads a file and applies the rules; what they do not allow is in the rows (see {@link requireAllowed}).
 *
 * @throws InputError as readTorchCheckpoint and readSafetensors
 */
export function readPretrained(
  model: ElaboratedModel,
  { path, section }: PretrainedSource,
): PretrainedReport {
  const match = matchPretrained(model.parameters, section ?? strictRules, readTensors(path));
  return { path, section: section?.name, ...match };
}

/** Tensors of a `.pth` or safetensors file; of a checkpoint of archc, its weights. */
function readTensors(path: string): ReadonlyMap<string, Tensor> {
  if (!path.toLowerCase().endsWith('.safetensors')) return readTorchCheckpoint(path);
  const { tensors, metadata } = readSafetensors(path);
  return isCheckpoint(metadata) ? parameterEntries(tensors) : tensors;
}

/** Lines of one message; a file for another network would fill thousands. */
const SHOWN = 40;

/**
 * @throws InputError `pretrained-mismatch` that lists what is missing, unexpected or of another shape, with the
 *   nearest names, or `pretrained-empty` where nothing was loaded
 */
export function requireAllowed({ path, section, rows }: PretrainedReport): void {
  const problems = rows.filter((r) => ['missing', 'unexpected', 'mismatch'].includes(r.status));
  const rules = section === undefined ? 'the model has no `pretrained` section' : `the rules of ${section}`;
  if (problems.length > 0) {
    const lines = problems.slice(0, SHOWN).map((r) => `\n  ${describe(r)}`);
    const more =
      problems.length > SHOWN ? `\n  … and ${problems.length - SHOWN} more of ${problems.length} in all` : '';
    throw new InputError(
      'pretrained-mismatch',
      `${path} does not fit (${rules}):${lines.join('')}${more}`,
      'correct --set, or say what becomes of these names with `rename`, `skip`, `new` or `if_shape` in a pretrained section',
    );
  }
  if (!rows.some((r) => r.status === 'loaded')) {
    throw new InputError('pretrained-empty', `nothing was loaded from ${path} (${rules})`, 'check its rules');
  }
}

function describe({ status, parameter, from, detail }: PretrainedRow): string {
  const what =
    status === 'mismatch'
      ? `does not agree: ${from}`
      : status === 'missing'
        ? `missing: ${parameter}`
        : `unexpected: ${from}`;
  return detail ? `${what} (${detail})` : what;
}
