import { foregroundGroups, type Labelling } from '../data/labelling.ts';
import type { ClassGroup } from '../data/target.ts';
import { InputError } from '../errors.ts';
import { wholeForeground } from './dice.ts';
import type { JudgedRegion, MetricName } from './metrics.ts';
import { plainName, presetLabel, presets } from './presets.ts';

/** One entry of `--tolerance`: in mm for a label or, without a name, for all; or the name of a preset. */
export type ToleranceEntry = { readonly name?: string; readonly mm: number } | { readonly preset: string };

export interface JudgedOptions {
  readonly metrics: readonly MetricName[];
  /** Later entries replace what earlier ones say. */
  readonly tolerances: readonly ToleranceEntry[];
  /** Labels judged only on the slices that the truth covers; where absent those that presets name. */
  readonly truthSlices?: readonly string[];
  /** The label whose instances are in maps of their own; F1 is of it alone. */
  readonly instanceLabel?: string;
  /** The label that surrounds instances, whose pixels join the nearest one; with `instanceLabel`. */
  readonly instanceBoundary?: string;
}

/**
 * What is judged in label maps of these regions, or classes but the background: each, and all of them together by DSC.
 *
 * @throws InputError `no-labels` where there is only background, `unknown-label` for a name that no class has, `no-tolerance` where NSD is asked for and a class
 *   has none
 */
export function judgedRegions(labelling: Labelling, options: JudgedOptions): JudgedRegion[] {
  const regions = foregroundGroups(labelling);
  const names = regions.map(({ name }) => name);
  if (names.length === 0) {
    throw new InputError(
      'no-labels',
      'there is no label to judge: truth and predictions hold nothing but background',
      'check the folders, or name the data set whose labels they are with --data',
    );
  }
  const tolerances = new Map<string, number>();
  let truthSlices = new Set<string>();
  for (const entry of options.tolerances) {
    if (!('preset' in entry)) {
      for (const name of entry.name === undefined ? names : [labelNamed(names, entry.name, '--tolerance')])
        tolerances.set(name, entry.mm);
      continue;
    }
    for (const name of names) {
      const label = presetLabel(presets[entry.preset], name);
      if (label === undefined) continue;
      tolerances.set(name, label.tolerance);
      if (label.truthSlices) truthSlices.add(name);
    }
  }
  if (options.truthSlices !== undefined) {
    truthSlices = new Set(options.truthSlices.map((name) => labelNamed(names, name, '--truth-slices')));
  }
  const wanted = options.metrics;
  const presetNames = options.tolerances.flatMap((entry) => ('preset' in entry ? [entry.preset] : []));
  const without = names.filter((name) => !tolerances.has(name));
  // A preset says which slices count, for every metric: labels that it does not know are no matter of tolerance alone.
  if (without.length > 0 && (wanted.includes('nsd') || presetNames.length > 0)) {
    throw noTolerance(without, presetNames);
  }
  const instances =
    options.instanceLabel === undefined
      ? undefined
      : labelNamed(names, options.instanceLabel, '--instance-label');
  const boundary = boundaryOf(regions, options.instanceBoundary, instances);
  const judged = regions.map((region) => ({
    ...region,
    metrics: wanted.filter((metric) => metric !== 'f1' || (instances ?? region.name) === region.name),
    tolerance: tolerances.get(region.name),
    truthSlices: truthSlices.has(region.name),
    ...(boundary !== undefined && region.name === instances && { instanceBoundary: boundary }),
  }));
  if (!wanted.includes('dsc')) return judged;
  return [...judged, { ...wholeForeground('all foreground', labelling), metrics: ['dsc'], together: true }];
}

/** The ids of the classes that surround instances, which are others than theirs. */
function boundaryOf(
  regions: readonly ClassGroup[],
  asked: string | undefined,
  instances: string | undefined,
): readonly number[] | undefined {
  if (asked === undefined) return undefined;
  const names = regions.map(({ name }) => name);
  const name = labelNamed(names, asked, '--instance-boundary');
  if (name !== instances) return regions[names.indexOf(name)].classes;
  throw new InputError(
    'unknown-label',
    `--instance-boundary: ${name} is the label of the instances themselves`,
    `another of ${names.join(', ')}, or --instance-label NAME`,
  );
}

/** The class that is meant by a name; case and how words are joined do not count. */
function labelNamed(names: readonly string[], name: string, option: string): string {
  const found = names.find((known) => known === name) ?? names.find((n) => plainName(n) === plainName(name));
  if (found !== undefined) return found;
  throw new InputError(
    'unknown-label',
    `${option}: no label is called ${JSON.stringify(name)}; the labels are ${names.join(', ')}`,
    'name one of these, or the right data set with --data',
  );
}

function noTolerance(labels: readonly string[], presetNames: readonly string[]): InputError {
  const known = presetNames.map(
    (preset) => `${preset} knows ${presets[preset].labels.map(({ names }) => names[0]).join(', ')}`,
  );
  return new InputError(
    'no-tolerance',
    [
      `${labels.length === 1 ? 'a label has' : `${labels.length} labels have`} no tolerance for NSD: ${labels.join(', ')}`,
      ...known,
    ].join('; '),
    known.length > 0
      ? 'the names of the data set (--data), or a tolerance for these labels: --tolerance PRESET,name=mm'
      : `--tolerance 2 (mm, for all), --tolerance ${labels[0]}=2, or a preset: ${Object.keys(presets).join(', ')}`,
  );
}
