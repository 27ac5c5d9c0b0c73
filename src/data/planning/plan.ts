import { createHash } from 'node:crypto';
import { kindOf, type Normalisation, schemeNames } from '../../recipe/normalisation.ts';
import type { CaseFiles } from '../case.ts';
import type { Dataset } from '../dataset.ts';
import { fingerprint, withBeside } from '../fingerprint.ts';
import { type Labelling, labellingOf } from '../labelling.ts';
import { type DatasetFingerprint, datasetFingerprint, type OnCase } from './dataset-fingerprint.ts';
import { type Geometry, type Plan2d, planGeometry } from './plan-2d.ts';

/** Cropping leaves less than this share of the median case: z-scores are those of the object alone. */
const MUCH_CROPPED = 0.75;

/** How a data set is preprocessed and trained on, as JSON; keys in the manner of Python are nnU-Net's own. */
export interface Plan extends DatasetFingerprint, Geometry, Labelling {
  readonly version: 1;
  readonly name: string;
  /** Training cases. */
  readonly cases: number;
  /** See {@link dataDigest}. */
  readonly data: string;
  readonly channels: readonly string[];
  /** Bytes that were planned for. */
  readonly memory: number;
  /** Of each channel: what `normalization_schemes` and `use_mask_for_norm` mean, with the figures that go into it. */
  readonly normalisation: readonly Normalisation[];
  readonly plan_2d: Plan2d & {
    readonly normalization_schemes: readonly string[];
    readonly use_mask_for_norm: readonly boolean[];
  };
}

/**
 * The fingerprint of a data set and the plan that follows from it. Reads all training cases twice, one at a time.
 *
 * @param memory bytes
 * @throws InputError as datasetFingerprint
 */
export function planDataset(dataset: Dataset, memory: number, onCase?: OnCase): Plan {
  const found = datasetFingerprint(dataset, onCase);
  const inputs = dataset.training.map((files) => ({ id: files.id, inputs: caseDigest(files) }));
  return planFor(dataset, found, dataDigest(inputs), memory);
}

type Described = Labelling & Pick<Dataset, 'name' | 'channels' | 'training'>;

/** @param data see {@link dataDigest} */
export function planFor(dataset: Described, found: DatasetFingerprint, data: string, memory: number): Plan {
  const { name, channels, training } = dataset;
  const cases = training.length;
  const geometry = planGeometry(found, { cases, classes: labelCount(dataset), memory });
  const masked = found.relative_size_after_cropping < MUCH_CROPPED;
  const normalisation = channels.map((channel, c) => normalisationOf(channel, c, found, masked));
  return {
    version: 1,
    name,
    cases,
    data,
    channels,
    ...labellingOf(dataset),
    memory,
    ...found,
    ...geometry,
    normalisation,
    plan_2d: {
      ...geometry.plan_2d,
      normalization_schemes: normalisation.map(({ kind }) => schemeNames[kind]),
      use_mask_for_norm: normalisation.map((n) => n.kind === 'zscore' && n.masked),
    },
  };
}

/** nnU-Net plans memory for as many maps as dataset.json names labels, `ignore` among them. */
const labelCount = ({ classes, regions, ignore }: Labelling) =>
  (regions ? regions.length + 1 : classes.length) + (ignore === undefined ? 0 : 1);

function normalisationOf(
  channel: string,
  c: number,
  { intensity }: DatasetFingerprint,
  masked: boolean,
): Normalisation {
  const kind = kindOf(channel);
  if (kind === 'zscore') return { kind, masked };
  if (kind !== 'ct') return { kind };
  const { percentile_00_5: low, percentile_99_5: high, mean, std } = intensity[c];
  return { kind, low, high, mean, std };
}

/** A digest of the contents of a case's files. Throws InputError where one cannot be read. */
export function caseDigest({ images, label }: CaseFiles): string {
  const files = images.map((path, c) => ({ name: String(c), path }));
  return fingerprint(withBeside(label === undefined ? files : [...files, { name: 'label', path: label }]));
}

/** A digest of the contents of a data set's training cases, in order. */
export function dataDigest(cases: readonly { readonly id: string; readonly inputs: string }[]): string {
  const hash = createHash('sha256');
  for (const { id, inputs } of cases) hash.update(`${JSON.stringify(id)} ${inputs}\n`);
  return hash.digest('hex');
}
