/** How one label of a data set is judged. */
export interface PresetLabel {
  /** What data sets call it; case does not count, nor whether words are joined by spaces, `_` or `-`. */
  readonly names: readonly string[];
  /** Of NSD, in mm. */
  readonly tolerance: number;
  /** Judged only on the slices that the truth covers: where a vessel or tube is no longer annotated is arbitrary. */
  readonly truthSlices?: boolean;
}

export interface Preset {
  /** Where the rules are from, for reports. */
  readonly source: string;
  readonly labels: readonly PresetLabel[];
}

/** Rules that belong to data sets, by the name that `--tolerance` takes. */
export const presets: Readonly<Record<string, Preset>> = {
  'abdomen-mri': {
    source:
      'the 13 organs of MICCAI FLARE 2022 (github.com/JunMa11/FLARE), whose rules are used for AbdomenMRI (AMOS), too',
    labels: [
      { names: ['liver'], tolerance: 5 },
      { names: ['right kidney', 'kidney right', 'RK'], tolerance: 3 },
      { names: ['spleen'], tolerance: 3 },
      { names: ['pancreas'], tolerance: 5 },
      { names: ['aorta'], tolerance: 2, truthSlices: true },
      { names: ['inferior vena cava', 'postcava', 'IVC'], tolerance: 2, truthSlices: true },
      { names: ['right adrenal gland', 'adrenal gland right', 'RAG'], tolerance: 2 },
      { names: ['left adrenal gland', 'adrenal gland left', 'LAG'], tolerance: 2 },
      { names: ['gallbladder', 'gall bladder'], tolerance: 2 },
      { names: ['esophagus', 'oesophagus'], tolerance: 3, truthSlices: true },
      { names: ['stomach'], tolerance: 5 },
      { names: ['duodenum'], tolerance: 7 },
      { names: ['left kidney', 'kidney left', 'LK'], tolerance: 3 },
    ],
  },
};

/** A label's name without what does not tell labels apart. */
export function plainName(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/[\s_-]+/g, ' ');
}

/** What a preset says of the label of a data set. */
export function presetLabel(preset: Preset, name: string): PresetLabel | undefined {
  return preset.labels.find(({ names }) => names.some((known) => plainName(known) === plainName(name)));
}
