/** What docs/results.md reports: data sets, the networks that are trained on them, and how they are judged. */

/** A network, and its recipe. */
export interface Row {
  /** Of its runs' folder. */
  readonly name: string;
  readonly title: string;
  /** `FILE:Model`. */
  readonly spec: string;
  /** The train section; left out, the model's first. */
  readonly section?: string;
  /** Folds that are trained, a run each, whose probabilities are averaged; left out, one run by the spec's `holdout`. */
  readonly folds?: readonly number[];
  /** Further options of `archc train` and of `archc predict`. */
  readonly train?: readonly string[];
  readonly predict?: readonly string[];
}

export interface Study {
  readonly name: string;
  readonly title: string;
  /** In words, what the data are and where they come from. */
  readonly about: string;
  /** In nnU-Net's raw layout. */
  readonly data: string;
  /** Trains on what `archc data preprocess` makes of it. */
  readonly preprocess: boolean;
  readonly rows: readonly Row[];
  /** Test cases are those whose names begin so; left out, all. */
  readonly cases?: string;
  /** Further options of `archc evaluate`. */
  readonly evaluate: readonly string[];
  /** The figure of the summary. */
  readonly metric: 'dsc' | 'f1';
}

export const studies: readonly Study[] = [
  {
    name: 'hippocampus',
    title: 'Hippocampus in MRI',
    about:
      '60 volumes to train on, 15 to test ([examples/hippocampus](../examples/hippocampus/SOURCE.md)); anterior and posterior part, slice by slice.',
    data: 'examples/hippocampus/Dataset004_Hippocampus',
    preprocess: true,
    rows: [
      {
        name: 'nnunet',
        title: 'nnU-Net, reduced',
        spec: 'examples/hippocampus/hippocampus.arch:HippocampusUNet',
        folds: [0, 1, 2, 3, 4],
      },
      {
        name: 'swin-umamba-d',
        title: 'Swin-UMamba†, reduced',
        spec: 'examples/hippocampus/hippocampus.arch:HippocampusUMamba',
        folds: [0, 1, 2, 3, 4],
      },
    ],
    evaluate: ['--metrics', 'dsc,nsd,hd95', '--tolerance', '1'],
    metric: 'dsc',
  },
  {
    name: 'nuclei',
    title: 'Nuclei in fluorescence images',
    about:
      '60 images to train on, 48 of them fluorescence; the 12 fluorescence test images ([examples/nuclei](../examples/nuclei/SOURCE.md)). F1 is that of nuclei at IoU ≥ 0.5, against the true instances.',
    data: 'examples/nuclei/Dataset703_Nuclei',
    preprocess: false,
    rows: [
      {
        name: 'swin-umamba-d',
        title: 'Swin-UMamba†, reduced',
        spec: 'examples/nuclei/nuclei.arch:Nuclei',
        section: 'Long',
      },
    ],
    cases: 'fluo',
    evaluate: [
      ...['--metrics', 'dsc,f1', '--instances', 'examples/nuclei/Dataset703_Nuclei/instancesTs'],
      ...['--instance-boundary', 'boundary'],
    ],
    metric: 'f1',
  },
];
