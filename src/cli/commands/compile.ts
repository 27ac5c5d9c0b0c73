import type { Command } from 'commander';
import { initialiseAll } from '../../compiler/initialise.ts';
import { openModel } from '../../files/open.ts';
import { writeProgramFolder } from '../../files/program-folder.ts';
import { portableTarget } from '../../kernels/targets.ts';
import { storedTensors } from '../../language/model.ts';
import { recomputationText } from '../../plan/budget.ts';
import { bytesText } from '../../program/bytes-text.ts';
import { MEMORY64_ENGINES } from '../../runtime/wasm/compile-module.ts';
import { readTrainedOn } from '../../training/trained-on.ts';
import { readWeights } from '../../training/weights-file.ts';
import { keptKernels } from '../device-options.ts';
import { integer, type ModelOptions, withModelOptions } from '../options.ts';
import { compileFor, type TargetOptions, withTarget } from '../target-options.ts';
import { printJson, printLine } from '../terminal.ts';
import { openForCommand } from '../warnings.ts';
import { chosenBy, type WeightsOptions, weightsFile, withWeightsOptions } from '../weights.ts';

interface CompileOptions extends ModelOptions, WeightsOptions, TargetOptions {
  readonly output: string;
  readonly batch: number;
  readonly seed: number;
  readonly inference?: boolean;
}

export function register(program: Command): void {
  const several = `; for both kinds of device: ${portableTarget.name},cpu`;
  withTarget(withWeightsOptions(withModelOptions(program.command('compile'))), several)
    .description('compile to a folder that a runtime needs nothing else for: kernels, plan, weights')
    .argument('<spec>', "a spec (without --weights: its initialisers' values), or the folder of a run")
    .requiredOption('--output <folder>', 'folder to make')
    .option('--batch <n>', 'batch size', integer('--batch', 1), 1)
    .option('--inference', 'the forward pass only, also where the model has a train section')
    .option('--seed <n>', 'seed of the initialisers', integer('--seed', 0), 0)
    .action(async (spec: string, options: CompileOptions) => {
      const { batch } = options;
      const plan = { ...compileFor(options), kernelCache: keptKernels() };
      const file = weightsFile(spec, options);
      const chosen = chosenBy(file, { spec, set: options.set });
      const { model, warnings } = openForCommand(chosen.spec, { ...options, set: chosen.set }, { batch });
      const training = options.inference
        ? undefined
        : openModel(chosen.spec, { set: chosen.set, batch, training: true });
      const weights =
        file === undefined ? initialiseAll(storedTensors(model), options.seed) : readWeights(model, file);
      // Images of classifiers are no cases: nothing is said of how they are read.
      const isMap = model.outputs[0].dims.length === 4;
      const trainedOn = file !== undefined && isMap ? readTrainedOn(file, model) : undefined;
      const report = await writeProgramFolder(options.output, model, training, weights, plan, trainedOn);
      if (options.json) printJson({ output: options.output, ...report, warnings });
      else {
        const dispatches = Object.entries(report.dispatches).map(([entry, n]) => `${n} (${entry})`);
        printLine(
          `${model.name}: ${report.kernels} kernels, ${dispatches.join(' and ')} dispatches, ` +
            `${bytesText(report.device_bytes)} of buffers → ${options.output}`,
        );
        if (report.address === 64)
          printLine(`on the CPU it takes more than 4 GiB, so it needs ${MEMORY64_ENGINES}`);
        if (report.recomputation) printLine(recomputationText(report.recomputation));
      }
    });
}
