import { dirname, resolve } from 'node:path';
import { fileHash } from '../data/fingerprint.ts';
import { InputError } from '../errors.ts';
import { type ElaboratedModel, type PretrainedSection, storedTensors } from '../language/model.ts';
import { nearest } from '../language/suggest.ts';
import type { StoredData } from '../tensors/tensor.ts';
import type { Json, PretrainedIdentity } from './identity.ts';
import {
  matchPretrained,
  nearMiss,
  type PretrainedMatch,
  type PretrainedRow,
  type PretrainedStatus,
} from './pretrained-match.ts';
import { storedData } from './weights.ts';
import { readTensors } from './weights-file.ts';

/** Where a run's first weights come from. */
export interface PretrainedSource {
  readonly path: string;
  /** Rules for the file's names; `undefined` leaves the choice to {@link matchPretrained}. */
  readonly section: PretrainedSection | undefined;
}

/** What was loaded from a file. */
export interface PretrainedReport extends PretrainedMatch {
  readonly path: string;
  /** First values of the parameters and buffers that were loaded. */
  readonly weights: ReadonlyMap<string, StoredData>;
}

/**
 * The file to start from.
 *
 * @param file from the command line; else that of the section, the model's first if none is named, relative to
 *   its spec
 * @param sectionName whose rules count for a file from the command line; else those that fit it
 * @returns `undefined` where neither names a file
 * @throws InputError `no-pretrained-section` where the model has no section of that name
 */
export function pretrainedSource(
  model: ElaboratedModel,
  file: string | undefined,
  sectionName: string | undefined,
): PretrainedSource | undefined {
  const names = model.pretrained.map((s) => s.name);
  const named = model.pretrained.find((s) => s.name === sectionName);
  if (sectionName !== undefined && !named) {
    const near = nearest(sectionName, names);
    throw new InputError(
      'no-pretrained-section',
      `${model.name} has no pretrained section named ${sectionName}`,
      near ?? (names.length > 0 ? `one of: ${names.join(', ')}` : 'leave the name out'),
    );
  }
  if (file !== undefined) return { path: file, section: named };
  const section = named ?? model.pretrained[0];
  if (section?.file === undefined) return undefined;
  return { path: resolve(dirname(section.spec), section.file), section };
}

/**
 * Reads a file and applies the rules; what they do not allow is in the rows (see {@link requireAllowed}).
 *
 * @throws InputError as {@link readTensors}
 */
export function readPretrained(
  model: ElaboratedModel,
  { path, section }: PretrainedSource,
): PretrainedReport {
  const tensors = readTensors(path);
  const match = matchPretrained(model, tensors, allowed, section);
  const stored = new Map(storedTensors(model).map((t) => [t.name, t]));
  const weights = new Map(
    match.rows.flatMap(({ status, parameter, from }) =>
      status === 'loaded'
        ? [[parameter, storedData(stored.get(parameter)!, tensors.get(from)!)] as const]
        : [],
    ),
  );
  return { path, ...match, weights };
}

/** What a run keeps of where its first weights came from. Throws InputError where the file cannot be read. */
export function pretrainedIdentity({ path, section }: PretrainedSource): PretrainedIdentity {
  const rules = section && {
    ...{ name: section.name, into: section.into, rename: section.rename, skip: section.skip },
    ...{ alias: section.alias, fresh: section.fresh, if_shape: section.ifShape },
  };
  const sha256 = fileHash(path, 'a file of weights');
  return { sha256, rules: rules ? (JSON.parse(JSON.stringify(rules)) as Json) : null };
}

/** For messages: by whose rules the names were understood. */
export const rulesText = ({ section }: PretrainedMatch): string =>
  section ? `by the rules of ${section.name}` : "by the model's own names";

/** What may become of tensors and parameters. */
const allowed: readonly PretrainedStatus[] = ['loaded', 'skipped', 'alias', 'new', 'shape'];

/** Lines of one message; a file for another network would fill thousands. */
const SHOWN = 40;

/**
 * @throws InputError `pretrained-mismatch` that lists what is missing, unexpected or of another shape, with the
 *   nearest names, or `pretrained-empty` where nothing was loaded
 */
export function requireAllowed(report: PretrainedReport): void {
  const { path, rows } = report;
  const problems = rows.filter((r) => !allowed.includes(r.status));
  const rules = rulesText(report);
  if (problems.length > 0) {
    const lines = problems.slice(0, SHOWN).map((r) => `\n  ${describe(report, r)}`);
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

function describe(match: PretrainedMatch, row: PretrainedRow): string {
  const { status, parameter, from } = row;
  const detail = row.detail || nearMiss(match, row);
  const what =
    status === 'mismatch'
      ? `does not agree: ${from}`
      : status === 'missing'
        ? `missing: ${parameter}`
        : `unexpected: ${from}`;
  return detail ? `${what} (${detail})` : what;
}
