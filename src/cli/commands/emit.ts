import { Argument, type Command } from 'commander';
import { trainingGraph } from '../../autodiff/training.ts';
import { nodeRenderer } from '../../compiler/files.ts';
import { portableLimits } from '../../compiler/limits.ts';
import { openAst, openModel, trainSection } from '../../compiler/model.ts';
import { InputError } from '../../errors.ts';
import { printGraph } from '../../ir/print.ts';
import { ops } from '../../ops/index.ts';
import { planGraph } from '../../plan/plan.ts';
import { printPlan } from '../../plan/print.ts';
import { collectSet, integer, type Overrides } from '../options.ts';
import { printJson, printLine } from '../terminal.ts';

interface EmitOptions {
  readonly set: Overrides;
  readonly train?: boolean;
  readonly batch: number;
  readonly json?: boolean;
}

export function register(program: Command): void {
  program
    .command('emit')
    .description('print what the compiler makes of a spec')
    .addArgument(new Argument('<stage>').choices(['ast', 'graph', 'plan', 'wgsl']))
    .argument('<spec>')
    .option('--set <key=value>', 'set a parameter of the model', collectSet, {})
    .option('--train', 'the training step instead of the forward pass')
    .option('--batch <n>', 'batch size', integer('--batch', 1), 1)
    .option('--json', 'print one JSON document on stdout')
    .action((stage: string, spec: string, options: EmitOptions) => {
      if (stage === 'ast') {
        if (options.train || Object.keys(options.set).length > 0) {
          throw new InputError(
            'bad-value',
            'the syntax tree is that of the text: --set and --train have no part in it',
            'leave them out, or emit graph',
          );
        }
        printJson(openAst(spec));
        return;
      }
      const model = openModel(spec, { set: options.set, batch: options.batch, training: options.train });
      const section = options.train ? trainSection(model) : undefined;
      const graph = section ? trainingGraph(model, section, section.optimizer, ops).graph : model.graph;
      if (stage === 'graph') {
        if (options.json) printJson(graph);
        else process.stdout.write(printGraph(graph));
        return;
      }
      const bundle = planGraph(graph, ops, nodeRenderer(), {
        model: model.name,
        batch: model.batch,
        limits: portableLimits,
      });
      if (options.json) printJson(stage === 'plan' ? bundle.manifest : Object.fromEntries(bundle.wgsl));
      else if (stage === 'plan') process.stdout.write(printPlan(bundle.manifest));
      else for (const [name, text] of bundle.wgsl) printLine(`// ---- ${name}.wgsl\n${text}`);
    });
}
