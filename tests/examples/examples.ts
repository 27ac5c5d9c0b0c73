import { readFileSync } from 'node:fs';

/** The tasks of Swin-UMamba's paper, each a folder of `examples`. */
export const tasks = ['abdomen-mri', 'endoscopy', 'microscopy'] as const;
export type Task = (typeof tasks)[number];

/** The networks' rows: what a model of an example extends, and the shipped spec that declares it. */
export const networks: Readonly<Record<string, string>> = {
  NNUNet: 'nnunet',
  SegResNet: 'segresnet',
  UNETR: 'unetr',
  SwinUNETR: 'swin-unetr',
  NNFormer: 'nnformer',
  UMambaBot: 'umamba-bot',
  UMambaEnc: 'umamba-enc',
  SwinUMambaD: 'swin-umamba-d',
  SwinUMamba: 'swin-umamba',
};

export interface DatasetJson {
  readonly name: string;
  readonly channel_names: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, number>>;
  readonly numTraining: number;
  readonly file_ending: string;
}

export const specOf = (task: Task) => `examples/${task}/${task}.arch`;

const readmeOf = (task: Task) => readFileSync(`examples/${task}/README.md`, 'utf8');

/** The README's blocks of a language, one after the other. */
export function blocksOf(task: Task, language: string): string {
  const fence = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms');
  return [...readmeOf(task).matchAll(fence)].map(([, text]) => text).join('\n');
}

/** The dataset.json that the README shows. */
export const datasetJsonOf = (task: Task) => JSON.parse(blocksOf(task, 'json')) as DatasetJson;

/** A row of the paper's table, as the README has it made: `row NAME MODEL OPTION …`. */
export interface Row {
  readonly name: string;
  readonly model: string;
  readonly options: readonly string[];
}

export const rowsOf = (task: Task): Row[] =>
  [...blocksOf(task, 'sh').matchAll(/^row +(\S+) +(\S+) *(.*)$/gm)].map(([, name, model, options]) => ({
    name,
    model,
    options: options.split(' ').filter((word) => word !== ''),
  }));
