import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { labellingText } from '../data/labelling.ts';
import type { ElaboratedModel, TrainSection } from '../language/model.ts';
import { storedTensors } from '../language/model.ts';
import { type PageFigure, type PagePart, type PageSection, runPage } from '../report/run-page.ts';
import { writeFileAtomic } from '../tensors/atomic-file.ts';
import { bestOf, type History } from './history.ts';
import { leaves } from './identity.ts';
import { runCurves } from './run-curves.ts';
import { filesPart } from './run-files.ts';
import { type RunDescription, readRun } from './run-record.ts';
import type { TaskResult, TrainingTask } from './task.ts';
import { scoreText, testedSection } from './tested-section.ts';
import { keptSteps, validationPictures } from './validation-pictures.ts';
import { scoredClasses } from './validation-report.ts';

export const PAGE = 'report.html';

/** Pictures of a case on the page, beside the first and the last. */
const SHOWN = 3;

export interface RunPageOptions {
  readonly model: ElaboratedModel;
  readonly section: TrainSection;
  readonly task: Pick<TrainingTask, 'score' | 'predicted' | 'trainedOn' | 'plan'>;
  readonly history: History;
  /** What a test of the last weights found. */
  readonly tested?: TaskResult;
}

/**
 * Writes the page of a run: what its folder says of it, and its course so far. Nothing where the folder does not say what
 * it is.
 */
export async function writeRunPage(folder: string, options: RunPageOptions): Promise<void> {
  const run = readRun(folder);
  if (!run) return;
  const { model, section, task, history } = options;
  const name = `${model.name}, ${section.name}`;
  const curves = (await runCurves(history, task, name)).map(
    ({ file, svg }): PageFigure => ({ alt: file, type: 'image/svg+xml', data: svg }),
  );
  const sections: PageSection[] = [
    { title: 'Curves', parts: [{ figures: curves }] },
    validationSection(options),
    { title: 'Held-back cases as training went on', parts: pictureParts(folder) },
    testedSection(folder, options.tested ?? {}),
    { title: 'What was run', parts: runParts(folder, run, options) },
    { title: 'Files', parts: [filesPart(folder)] },
  ];
  const page = { title: `Run of ${name}`, status: run.status, summary: summaryOf(run, options), sections };
  writeFileAtomic(join(folder, PAGE), runPage(page));
}

function summaryOf(run: RunDescription, { section, task, history }: RunPageOptions): string[] {
  const best = bestOf(history.validations, section.score_decay);
  const last = history.steps.at(-1);
  return [
    `${history.steps.length} of ${run.steps} steps`,
    `${durationText(run.seconds)} of training`,
    ...(last ? [`last loss ${scoreText(last.loss)}`] : []),
    ...(best ? [`best ${task.score} ${scoreText(best.score)} at step ${best.step}`] : []),
    run.adapter,
  ];
}

function validationSection({ section, task, history }: RunPageOptions): PageSection {
  const { validations } = history;
  const best = bestOf(validations, section.score_decay);
  const classes = scoredClasses(task);
  const rows = validations.map((found) => [
    `${found.step}${found === best ? ' (best)' : ''}`,
    ...[scoreText(found.loss), scoreText(found.score)],
    ...classes.map((_, k) => scoreText(found.classes?.[k] ?? Number.NaN)),
  ]);
  const head = ['step', 'loss', task.score, ...classes.map(({ title }) => title)];
  return { title: 'Validation', parts: rows.length === 0 ? [] : [{ head, rows }] };
}

/** A part a case. */
function pictureParts(folder: string): PagePart[] {
  const pictures = validationPictures(folder);
  const ids = [...new Set(pictures.map(({ id }) => id))];
  return ids.map((id) => {
    const own = pictures.filter((picture) => picture.id === id);
    const kept = new Set(
      keptSteps(
        own.map(({ step }) => step),
        SHOWN,
      ),
    );
    const figures = own
      .filter(({ step }) => kept.has(step))
      .map(
        ({ file, step }): PageFigure => ({
          ...{ caption: `step ${step}`, alt: `${id}: image, truth, prediction` },
          ...{ type: 'image/png', data: readFileSync(join(folder, file)) },
        }),
      );
    return { title: id, figures };
  });
}

function runParts(folder: string, run: RunDescription, { model, task }: RunPageOptions): PagePart[] {
  const { channels, classes, regions, ignore, plan: _, held_back, ...data } = run.data;
  const weights = storedTensors(model).reduce((n, { shape }) => n + shape.reduce((a, b) => a * b, 1), 0);
  const parts = run.parts.map((part) => [
    ...[part.started, part.finished ?? '', `${part.from_step} to ${part.to_step}`],
    ...[durationText(part.seconds), part.adapter, `archc ${part.archc}, Node ${part.node}`],
  ]);
  return [
    {
      title: 'Commands',
      text: run.parts.map(({ command }) => commandText(['archc', ...command])).join('\n'),
    },
    { head: ['started', 'ended', 'steps', 'training', 'device', 'versions'], rows: parts },
    {
      title: `Model ${run.model}`,
      rows: [['parameters and buffers', `${weights} values`], ...valueRows(run.config)],
    },
    { title: `Train section ${run.section}`, rows: valueRows({ ...run.train, seed: run.seed }) },
    {
      title: 'Data',
      rows: [
        ...valueRows(data),
        ['channels', channels.join(', ')],
        ['labels', labellingText({ classes, regions, ignore })],
        ['held back', listText(held_back)],
      ],
    },
    ...(run.pretrained ? [{ title: 'First weights', rows: valueRows(run.pretrained) }] : []),
    ...planParts(task),
    ...sourceParts(folder),
  ];
}

/** Of the plan what says how cases were preprocessed. */
function planParts({ plan }: RunPageOptions['task']): PagePart[] {
  if (!plan) return [];
  const { name, cases, transpose_forward, normalisation, plan_2d } = plan;
  const rows = valueRows({ name, cases, transpose_forward, normalisation, plan_2d });
  return [{ title: 'Plan of the preprocessed data', folded: true, rows }];
}

/** The files of the spec, as they were when the run began. */
function sourceParts(folder: string): PagePart[] {
  const below = join(folder, 'spec');
  const names = existsSync(below) ? readdirSync(below, { recursive: true, encoding: 'utf8' }) : [];
  const files = names.map((name) => name.split(sep).join('/')).filter((name) => name.endsWith('.arch'));
  // The user's own come first.
  const sorted = files.sort(
    (a, b) => Number(b.startsWith('own/')) - Number(a.startsWith('own/')) || (a < b ? -1 : 1),
  );
  return sorted.map((file) => ({
    ...{ title: `spec/${file}`, folded: true },
    text: readFileSync(join(below, file), 'utf8'),
  }));
}

const valueRows = (value: object): string[][] => [...leaves(value)].map(([name, text]) => [name, text]);

/** Cases named in a line. */
const NAMED = 50;

function listText(names: readonly string[]): string {
  const more = names.length > NAMED ? [`… and ${names.length - NAMED} more`] : [];
  return [...names.slice(0, NAMED), ...more].join(', ') || 'none';
}

/** As a shell takes it. */
const commandText = (command: readonly string[]) =>
  command
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ');

function durationText(seconds: number): string {
  if (seconds < 120) return `${seconds.toFixed(1)} s`;
  return seconds < 7200 ? `${(seconds / 60).toFixed(1)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
