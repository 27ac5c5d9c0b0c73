import type { Command } from 'commander';
import { trainSection } from '../../compiler/model.ts';
import { copySpec } from '../../files/spec-copy.ts';
import { elementCount } from '../../ir/graph.ts';
import type { ElaboratedModel } from '../../language/model.ts';
import { showPath } from '../../language/values.ts';
import { ops } from '../../ops/index.ts';
import { recomputationText } from '../../plan/budget.ts';
import { bytesText } from '../../program/bytes-text.ts';
import { pretrainedTable } from '../../report/pretrained-table.ts';
import { trainJob } from '../../training/job.ts';
import type { JobReport } from '../../training/job-report.ts';
import { type PretrainedSource, pretrainedSource, rulesText } from '../../training/pretrained.ts';
import { checkRunPlace, type RunPlace } from '../../training/run-folder.ts';
import { type KernelDeviceOptions, openKernelBackend, withKernelDevice } from '../device-options.ts';
import { integer, type ModelOptions, number, withModelOptions } from '../options.ts';
import { profileText } from '../profile-text.ts';
import { startProgress } from '../progress.ts';
import { ExitStatus, INTERRUPTED } from '../report.ts';
import { withVerify } from '../target-options.ts';
import { formatCount, note, printJson, printLine } from '../terminal.ts';
import { openForCommand } from '../warnings.ts';

interface TrainCommandOptions extends ModelOptions, KernelDeviceOptions {
  readonly data: string;
  readonly name?: string;
  readonly output?: string;
  readonly section?: string;
  readonly steps?: number;
  readonly seed?: number;
  readonly checkpointEvery: number;
  readonly workers?: number;
  readonly minutes?: number;
  readonly profile?: boolean;
  readonly tensorboard?: boolean;
  readonly resume?: boolean;
  /** `false` with --no-pretrained. */
  readonly pretrained?: string | false;
  readonly pretrainedSection?: string;
  readonly test?: boolean;
}

export function register(program: Command): void {
  withVerify(withKernelDevice(withModelOptions(program.command('train'))))
    .description('train on a data set, as the train section of the spec says')
    .argument('<spec>')
    .requiredOption(
      '--data <folder>',
      "data set: nnU-Net's raw layout (dataset.json, imagesTr, labelsTr, …), or what `archc data preprocess` made of one; for a classifier a folder for each class",
    )
    .option('--name <name>', 'name of the run (default: the model)')
    .option('--output <folder>', 'where the run goes (default: runs/<name>, numbered where it exists)')
    .option('--section <name>', "which train section (default: the model's first)")
    .option('--steps <n>', 'another number of steps', integer('--steps', 1))
    .option('--seed <n>', 'another seed', integer('--seed', 0))
    .option('--checkpoint-every <n>', 'steps between checkpoints', integer('--checkpoint-every', 1), 100)
    .option(
      '--workers <n>',
      'threads that make batches of a preprocessed data set ahead of the device (default: 1); 0 for the main thread',
      integer('--workers', 0, 16),
    )
    .option('--minutes <n>', 'do fewer steps where all would take longer than this', number('--minutes', 0.1))
    .option('--profile', 'tell where the time went: waiting for batches, and in which kernels')
    .option('--tensorboard', "write event files for TensorBoard into the run's folder")
    .option('--resume', 'go on from the last checkpoint of the run')
    .option('--pretrained <file>', 'start from these weights (.pth or safetensors), by the rules of the spec')
    .option('--no-pretrained', "leave out the spec's own file")
    .option(
      '--pretrained-section <name>',
      "whose rules count for the file's names (default: the model's own names, else the section that fits)",
    )
    .option('--test', 'predict the test images afterwards, and compare with their truth')
    .action(async (spec: string, options: TrainCommandOptions) => {
      const started = performance.now();
      const opened = openForCommand(spec, options, { training: true });
      const { model: first, warnings, loaded: parsed } = opened;
      const section = trainSection(first, options.section);
      const checked = performance.now() - started;
      const open = (training: boolean) => opened.again({ batch: section.batch, training });
      const model = open(true);
      const parameters = model.parameters.reduce((n, { shape }) => n + elementCount(shape), 0);
      const place: RunPlace = {
        name: options.name ?? model.name.toLowerCase(),
        output: options.output,
        resume: options.resume ?? false,
      };
      checkRunPlace(place);
      const pretrained = pretrainedOf(model, options);
      const backend = await openKernelBackend(options);
      note(
        `${spec}: ${model.name} checked in ${checked.toFixed(0)} ms, ${formatCount(parameters)} parameters, batch ${model.batch}`,
      );
      const stop = new AbortController();
      const onInterrupt = () => {
        if (stop.signal.aborted) process.exit(INTERRUPTED);
        stop.abort();
        note('stopping after this step or image; press Ctrl-C again to stop at once');
      };
      process.on('SIGINT', onInterrupt);
      process.on('SIGTERM', onInterrupt);
      const training = startProgress('training', options.steps ?? section.steps, options.json);
      let testing: ReturnType<typeof startProgress> | undefined;
      try {
        const report = await trainJob({
          model,
          predictor: open(false),
          section,
          data: options.data,
          place,
          backend,
          ops,
          choices: {
            seed: options.seed,
            steps: options.steps,
            pretrained: options.pretrained !== undefined || options.pretrainedSection !== undefined,
          },
          checkpointEvery: options.checkpointEvery,
          workers: options.workers,
          profile: options.profile,
          tensorboard: options.tensorboard,
          sources: copySpec(parsed, first),
          command: (program as Command & { readonly rawArgs: readonly string[] }).rawArgs,
          pretrained,
          remark: note,
          onPretrained: (report) => {
            note(`${report.path}, ${rulesText(report)}`);
            note(pretrainedTable(report.rows));
          },
          test: options.test ?? false,
          deadline: options.minutes === undefined ? undefined : started + options.minutes * 60_000,
          signal: stop.signal,
          onCompiled: ({ kernels, dispatches, bytes, recomputation }) => {
            note(
              `compiled to ${kernels} WGSL kernels, ${dispatches} dispatches a step, ${bytesText(bytes)} of buffers`,
            );
            if (recomputation) note(recomputationText(recomputation));
          },
          onStep: (step, { loss }, total) => training.update(step, total, `loss ${loss.toFixed(4)}`),
          onValidation: ({ step, loss, score: value, heads = {} }, best, score) => {
            const others = Object.entries(heads).map(
              ([name, found]) => `, of ${showPath(name)} ${found.toFixed(4)}`,
            );
            note(
              `step ${step}: validation loss ${loss.toFixed(4)}, ${score} ${value.toFixed(4)}${others.join('')}${best ? ', the best so far' : ''}`,
            );
          },
          onPlanned: (planned, each) =>
            note(
              `${each.toFixed(2)} s a step by now: ${planned} steps to keep to ${options.minutes} minutes`,
            ),
          onCase: (done, total, id) => {
            training.stop();
            testing ??= startProgress('testing', total, options.json);
            testing.update(done, total, id);
          },
        });
        training.stop();
        testing?.stop();
        if (options.json) printJson({ ...report, warnings });
        else {
          printReport(report, options);
          if (report.profile) printLine(profileText(report.profile));
        }
        if (stop.signal.aborted) throw new ExitStatus(INTERRUPTED);
      } finally {
        training.stop();
        testing?.stop();
        process.off('SIGINT', onInterrupt);
        process.off('SIGTERM', onInterrupt);
        backend.destroy();
      }
    });
}

function pretrainedOf(model: ElaboratedModel, options: TrainCommandOptions): PretrainedSource | undefined {
  const { pretrained, pretrainedSection } = options;
  return pretrained === false ? undefined : pretrainedSource(model, pretrained, pretrainedSection);
}

function printReport(report: JobReport, options: TrainCommandOptions): void {
  const { folder, steps, loss, seconds, adapter, test, classification } = report;
  printLine(
    `${steps} steps in ${seconds.toFixed(0)} s on ${adapter}, last loss ${loss.toFixed(4)} → ${folder}`,
  );
  const best = report.validation?.best;
  if (best) {
    printLine(
      `best ${report.validation.score} ${best.score.toFixed(4)} at step ${best.step} → ${folder}/best.safetensors`,
    );
  }
  if (!report.finished) {
    printLine(`stopped; go on with: archc train … --data ${options.data} --output ${folder} --resume`);
  }
  if (test) {
    const otsu = test.otsuDsc === undefined ? '' : ` · Otsu's threshold: ${test.otsuDsc.toFixed(4)}`;
    const names = Object.keys(test.classes).join(' and ');
    printLine(
      `mean DSC of ${names} together against background, ${test.images.length} test images: ${test.dsc.toFixed(4)}${otsu}`,
    );
  }
  if (classification) {
    const { accuracy, images, classes } = classification;
    const each = Object.entries(classes).map(([name, share]) => `${name} ${share.toFixed(4)}`);
    printLine(`accuracy on ${images.length} test images: ${accuracy.toFixed(4)} (${each.join(', ')})`);
  }
}
