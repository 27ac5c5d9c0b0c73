import { type Command, InvalidArgumentError, Option } from 'commander';
import { hyperParameters } from '../../autodiff/optimizer.ts';
import { trainingGraph } from '../../autodiff/training.ts';
import { type Executable, readStored } from '../../backend/backend.ts';
import { WebgpuExecutable } from '../../backend/webgpu.ts';
import { trainSection } from '../../compiler/model.ts';
import { JobError } from '../../errors.ts';
import { type OptimizerSpec, type ScheduleSpec, storedTensors } from '../../language/model.ts';
import { ops } from '../../ops/index.ts';
import { StepReader, type StepResult } from '../../runtime/step-reader.ts';
import { checkWritable } from '../../tensors/output-path.ts';
import { learningRate } from '../../training/schedule.ts';
import {
  type BackendOptions,
  float32,
  integer,
  type ModelOptions,
  number,
  openBackend,
  withBackendOptions,
  withModelOptions,
} from '../options.ts';
import { feed, openGiven, readFeed, targetIds, writeResults } from '../tensors.ts';
import { printJson, printLine } from '../terminal.ts';

interface FitOptions extends ModelOptions, BackendOptions {
  readonly weights: string;
  readonly input: string;
  readonly output: string;
  readonly steps: number;
  readonly optimizer: OptimizerSpec['kind'];
  readonly lr: number;
  readonly weightDecay: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly momentum: number;
  readonly clip?: number;
  readonly schedule: ScheduleSpec['kind'];
  readonly minLr: number;
  readonly power: number;
}

export function register(program: Command): void {
  withBackendOptions(withModelOptions(program.command('fit')))
    .description('optimizer steps on one fixed batch')
    .argument('<spec>')
    .requiredOption('--weights <file>', 'safetensors or .pth with the first weights')
    .requiredOption('--input <file>', 'safetensors with `x`, or each input under its name, and `target`')
    .requiredOption(
      '--output <file>',
      'safetensors to write `loss` [steps] and `trained/<parameter or buffer>` to',
    )
    .requiredOption('--steps <n>', 'number of steps', integer('--steps', 1))
    .addOption(new Option('--optimizer <name>').choices(['adamw', 'adam', 'sgd']).default('adamw'))
    .option('--lr <rate>', 'learning rate', float32('--lr', 0), 1e-3)
    .option('--weight-decay <w>', 'weight decay', float32('--weight-decay', 0), 0)
    .option('--betas <b1,b2>', "Adam's decay rates", betas, [0.9, 0.999])
    .option('--eps <e>', "Adam's epsilon", float32('--eps', 0), 1e-8)
    .option('--momentum <m>', "SGD's momentum (Nesterov)", float32('--momentum', 0, 1), 0.99)
    .option('--clip <norm>', 'largest gradient norm', float32('--clip', 0))
    .addOption(new Option('--schedule <name>').choices(['constant', 'cosine', 'poly']).default('constant'))
    .option('--min-lr <rate>', 'where cosine ends', float32('--min-lr', 0), 0)
    .option('--power <p>', 'exponent of poly', number('--power', 0), 0.9)
    .action(async (spec: string, options: FitOptions) => {
      checkWritable(options.output);
      const given = openGiven(spec, options, options.input, { training: true, stochastic: false });
      const { model, warnings } = given;
      const section = trainSection(model);
      const target = targetIds(given, section);
      const optimizer: OptimizerSpec = {
        kind: options.optimizer,
        lr: options.lr,
        weightDecay: options.weightDecay,
        betas: options.betas,
        eps: options.eps,
        momentum: options.momentum,
        nesterov: options.momentum > 0,
        clip: options.clip || undefined,
      };
      const schedule: ScheduleSpec =
        options.schedule === 'cosine'
          ? { kind: 'cosine', to: options.minLr, warmup: 0 }
          : options.schedule === 'poly'
            ? { kind: 'poly', power: options.power, warmup: 0 }
            : { kind: 'constant' };
      const { graph } = trainingGraph(model, section, optimizer, ops);
      const fed = readFeed(given, options.weights);
      const backend = await openBackend(options);
      try {
        const executable = await backend.prepare(graph, model.name, model.batch);
        feed(executable, fed);
        executable.write('input', 'target', target);
        const losses = await runSteps(executable, options.steps, (t) =>
          hyperParameters(optimizer, learningRate(schedule, options.lr, t - 1, options.steps), t),
        );
        const stored = storedTensors(model);
        const trained = await readStored(
          executable,
          stored.map((t) => t.name),
        );
        writeResults(options.output, [
          ['loss', [losses.length], Float32Array.from(losses)],
          ...stored.map(({ name, shape, dtype }) => {
            // A parameter that the loss does not reach is not part of the training graph and stays as it was.
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
    });
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
  if (executable instanceof WebgpuExecutable) {
    const reader = new StepReader(executable.session);
    try {
      for (let t = 1; t <= steps; t++) {
        if (reader.full) take((await reader.next())!);
        executable.write('input', 'hyper', hyper(t));
        reader.submit(t);
      }
      for (let r = await reader.next(); r; r = await reader.next()) take(r);
    } finally {
      reader.destroy();
    }
    return losses;
  }
  for (let t = 1; t <= steps; t++) {
    executable.write('input', 'hyper', hyper(t));
    executable.run();
    const out = await executable.read('output', ['loss', 'norm2']);
    take({ step: t, loss: out.get('loss')![0], gradNorm: Math.sqrt(out.get('norm2')![0]) });
  }
  return losses;
}

function betas(text: string): readonly [number, number] {
  const parts = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (parts.length !== 2 || !parts.every((beta) => beta >= 0 && beta < 1)) {
    throw new InvalidArgumentError('--betas takes two numbers from 0 to below 1, e.g. 0.9,0.999');
  }
  return [parts[0], parts[1]];
}
