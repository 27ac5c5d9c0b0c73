import type { Command } from 'commander';
import { TRAINING_STEP, trainingEntries } from '../../autodiff/entries.ts';
import { type Executable, readStored } from '../../backend/backend.ts';
import { KernelExecutable } from '../../backend/kernels.ts';
import { trainSection } from '../../compiler/model.ts';
import { JobError } from '../../errors.ts';
import { storedTensors } from '../../language/model.ts';
import { ops } from '../../ops/index.ts';
import { hyperParameters, type OptimizerSpec, optimizers } from '../../recipe/optimizers.ts';
import { learningRate, type ScheduleSpec, schedules } from '../../recipe/schedules.ts';
import { StepReader, type StepResult } from '../../runtime/step-reader.ts';
import { checkWritable } from '../../tensors/output-path.ts';
import {
  type BackendOptions,
  noteRecomputation,
  openBackend,
  withBackendOptions,
} from '../device-options.ts';
import { integer, type ModelOptions, withModelOptions } from '../options.ts';
import { chosenForm, withFormOptions } from '../recipe-options.ts';
import { feed, openGiven, readFeed, targetLabels, writeResults } from '../tensors.ts';
import { printJson, printLine } from '../terminal.ts';

interface FitOptions extends ModelOptions, BackendOptions {
  readonly weights: string;
  readonly input: string;
  readonly output: string;
  readonly steps: number;
  readonly optimizer: OptimizerSpec['kind'];
  readonly schedule: ScheduleSpec['kind'];
  readonly momentum: number;
}

/** What differs from a spec's defaults: nnU-Net's momentum, and no weight decay. */
const defaults = { lr: 1e-3, weight_decay: 0, momentum: 0.99 };

export function register(program: Command): void {
  const command = withBackendOptions(withModelOptions(program.command('fit')))
    .description('optimizer steps on one fixed batch')
    .argument('<spec>')
    .requiredOption('--weights <file>', 'safetensors or .pth with the first weights')
    .requiredOption(
      '--input <file>',
      'safetensors with `x`, or each input under its name, and `target` (`target.NAME` of an output with its own)',
    )
    .requiredOption(
      '--output <file>',
      'safetensors to write `loss` [steps] and `trained/<parameter or buffer>` to',
    )
    .requiredOption('--steps <n>', 'number of steps', integer('--steps', 1));
  withFormOptions(command, 'optimizer', optimizers, 'adamw', defaults);
  withFormOptions(command, 'schedule', schedules, 'constant').action(
    async (spec: string, options: FitOptions) => {
      checkWritable(options.output);
      const given = openGiven(spec, options, options.input, { training: true, stochastic: false });
      const { model, warnings } = given;
      const section = trainSection(model);
      const labels = targetLabels(given, section);
      const nesterov = options.momentum > 0;
      const optimizer = chosenForm(optimizers, options.optimizer, options, { nesterov });
      const schedule = chosenForm(schedules, options.schedule, options);
      const { entries } = trainingEntries(model, section, optimizer, ops);
      const fed = readFeed(given, options.weights);
      const backend = await openBackend(options);
      try {
        const executable = await backend.prepare(entries, model.name, model.batch);
        noteRecomputation(executable);
        feed(executable, fed);
        for (const [name, ids] of labels) executable.write('input', name, ids);
        const losses = await runSteps(executable, options.steps, (t) =>
          hyperParameters(optimizer, learningRate(schedule, optimizer.lr, t - 1, options.steps), t),
        );
        const stored = storedTensors(model);
        const trained = await readStored(
          executable,
          stored.map((t) => t.name),
        );
        writeResults(options.output, [
          ['loss', [losses.length], Float32Array.from(losses)],
          ...stored.map(({ name, shape, dtype }) => {
            // A parameter that the loss does not reach is in no entry and stays as it was.
            const data = trained.get(name) ?? fed.weights.get(name)!;
            return [`trained/${name}`, shape, dtype === 'i32' ? Int32Array.from(data) : data] as const;
          }),
        ]);
        if (options.json) printJson({ output: options.output, loss: losses, warnings });
        else {
          losses.forEach((loss, i) => {
            printLine(`step ${i + 1}: loss ${loss.toFixed(6)}`);
          });
          printLine(`wrote ${options.output}`);
        }
      } finally {
        backend.destroy();
      }
    },
  );
}

async function runSteps(
  executable: Executable,
  steps: number,
  hyper: (t: number) => Float32Array,
): Promise<number[]> {
  const losses: number[] = [];
  const take = ({ step, loss, gradNorm }: StepResult) => {
    if (!Number.isFinite(loss) || !Number.isFinite(gradNorm)) {
      throw new JobError(
        'loss-not-finite',
        `step ${step}: the loss is ${loss}, the gradient norm ${gradNorm}`,
        'a smaller learning rate, or --clip; nothing was written',
      );
    }
    losses.push(loss);
  };
  if (executable instanceof KernelExecutable) {
    const reader = new StepReader(executable.session);
    try {
      for (let t = 1; t <= steps; t++) {
        if (reader.full) take((await reader.next())!);
        reader.submit(t, [{ entries: TRAINING_STEP, inputs: { hyper: hyper(t) } }]);
      }
      for (let r = await reader.next(); r; r = await reader.next()) take(r);
    } finally {
      reader.destroy();
    }
    return losses;
  }
  for (let t = 1; t <= steps; t++) {
    executable.write('input', 'hyper', hyper(t));
    executable.run(...TRAINING_STEP);
    const [loss] = (await executable.readOutputs('gradients', ['loss'])).get('loss')!;
    const [norm2] = (await executable.readOutputs('update', ['norm2'])).get('norm2')!;
    take({ step: t, loss, gradNorm: Math.sqrt(norm2) });
  }
  return losses;
}
