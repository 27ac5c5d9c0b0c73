import type { Command } from 'commander';
import { gradientGraph } from '../../autodiff/differentiated.ts';
import { trainSection } from '../../compiler/model.ts';
import { JobError } from '../../errors.ts';
import { ops } from '../../ops/index.ts';
import { checkWritable } from '../../tensors/output-path.ts';
import {
  type BackendOptions,
  noteRecomputation,
  openBackend,
  withBackendOptions,
} from '../device-options.ts';
import { type ModelOptions, withModelOptions } from '../options.ts';
import { feed, openGiven, readFeed, targetLabels, writeResults } from '../tensors.ts';
import { printJson, printLine } from '../terminal.ts';

interface GradOptions extends ModelOptions, BackendOptions {
  readonly weights: string;
  readonly input: string;
  readonly output: string;
  readonly section?: string;
}

export function register(program: Command): void {
  withBackendOptions(withModelOptions(program.command('grad')))
    .description("loss of the model's first train section, and every parameter's gradient")
    .argument('<spec>')
    .requiredOption('--weights <file>', 'safetensors or .pth with the weights')
    .requiredOption(
      '--input <file>',
      'safetensors with `x`, or each input under its name, and `target` (`target.NAME` of an output with its own)',
    )
    .requiredOption('--output <file>', 'safetensors to write `loss` and `g/<parameter>` to')
    .option('--section <name>', 'another train section')
    .action(async (spec: string, options: GradOptions) => {
      checkWritable(options.output);
      const given = openGiven(spec, options, options.input, { training: true, stochastic: false });
      const { model, warnings } = given;
      const section = trainSection(model, options.section);
      const labels = targetLabels(given, section);
      const { graph, reached } = gradientGraph(model, section, ops);
      const fed = readFeed(given, options.weights);
      const backend = await openBackend(options);
      try {
        const executable = await backend.prepare({ gradients: graph }, model.name, model.batch);
        noteRecomputation(executable);
        feed(executable, fed);
        for (const [name, ids] of labels) executable.write('input', name, ids);
        executable.run('gradients');
        const results = await executable.readOutputs(
          'gradients',
          graph.outputs.map((o) => o.name),
        );
        const loss = results.get('loss')![0];
        if (!Number.isFinite(loss)) {
          throw new JobError('loss-not-finite', `the loss is ${loss}`, 'check the weights and the input');
        }
        writeResults(options.output, [
          ['loss', [1], results.get('loss')!],
          ...reached.map((p) => [`g/${p.name}`, p.shape, results.get(`g/${p.name}`)!] as const),
        ]);
        if (options.json) printJson({ output: options.output, loss, gradients: reached.length, warnings });
        else printLine(`loss ${loss.toFixed(6)}, ${reached.length} gradients → ${options.output}`);
      } finally {
        backend.destroy();
      }
    });
}
