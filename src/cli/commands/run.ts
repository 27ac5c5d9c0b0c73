import type { Command } from 'commander';
import { bytesText } from '../../program/bytes-text.ts';
import { checkWritable } from '../../tensors/output-path.ts';
import { type BackendOptions, openBackend, withBackendOptions } from '../device-options.ts';
import { type ModelOptions, withModelOptions } from '../options.ts';
import { withPrecision } from '../target-options.ts';
import { feed, openGiven, readFeed, writeResults } from '../tensors.ts';
import { printJson, printLine } from '../terminal.ts';
import { requiredWeights, type WeightsOptions, withWeightsOptions } from '../weights.ts';

interface RunOptions extends ModelOptions, BackendOptions, WeightsOptions {
  readonly input: string;
  readonly output: string;
}

export function register(program: Command): void {
  withPrecision(withBackendOptions(withWeightsOptions(withModelOptions(program.command('run')))))
    .description('one forward pass: x → y0, y1, …')
    .argument('<spec>', 'a spec, or the folder of a run')
    .requiredOption('--input <file>', 'safetensors with `x` [B, C, H, W], or with each input under its name')
    .requiredOption('--output <file>', 'safetensors to write y0, y1, … to (finest first)')
    .action(async (spec: string, options: RunOptions) => {
      checkWritable(options.output);
      const weights = requiredWeights(spec, options);
      const given = openGiven(spec, { ...options, weights }, options.input);
      const { model, warnings } = given;
      const fed = readFeed(given, weights);
      const backend = await openBackend(options);
      try {
        const executable = await backend.prepare({ forward: model.graph }, model.name, model.batch);
        feed(executable, fed);
        const started = performance.now();
        executable.run('forward');
        const names = model.outputs.map((o) => o.name);
        const results = await executable.readOutputs('forward', names);
        const seconds = (performance.now() - started) / 1000;
        writeResults(
          options.output,
          model.outputs.map(
            (o, i) => [`y${i}`, model.graph.values[o.value].shape, results.get(o.name)!] as const,
          ),
        );
        const report = {
          output: options.output,
          outputs: model.outputs.map((o) => model.graph.values[o.value].shape),
          seconds,
          device_bytes: executable.bytes,
          backend: backend.description,
          warnings,
        };
        if (options.json) printJson(report);
        else {
          printLine(
            `${model.name}: ${names.length} outputs in ${seconds.toFixed(2)} s on ${backend.description}` +
              (executable.bytes ? `, ${bytesText(executable.bytes)} of buffers` : ''),
          );
          printLine(`wrote ${options.output}`);
        }
      } finally {
        backend.destroy();
      }
    });
}
