import { Argument, type Command, Option } from 'commander';
import { trainingGraph } from '../../autodiff/training.ts';
import { nodeRenderer } from '../../compiler/files.ts';
import { portableLimits } from '../../compiler/limits.ts';
import { openModel, openProgram, trainSection } from '../../compiler/model.ts';
import { moduleGraph } from '../../compiler/module-graph.ts';
import { InputError } from '../../errors.ts';
import { printGraph } from '../../ir/print.ts';
import { ops } from '../../ops/index.ts';
import { planGraph } from '../../plan/plan.ts';
import { printPlan } from '../../plan/print.ts';
import { networkDrawing } from '../../report/network-drawing.ts';
import { writeFileAtomic } from '../../tensors/atomic-file.ts';
import { collectSet, integer, type Overrides } from '../options.ts';

interface EmitOptions {
  readonly set: Overrides;
  readonly train?: boolean;
  readonly batch: number;
  readonly format: 'text' | 'svg';
  readonly depth: number;
  readonly output?: string;
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
    .addOption(
      new Option('--format <format>', 'of the graph: its text, or a drawing by modules')
        .choices(['text', 'svg'])
        .default('text'),
    )
    .option('--depth <n>', 'how deep a drawing opens modules', integer('--depth', 0), 2)
    .option('--output <file>', 'write to a file instead of stdout')
    .action((stage: string, spec: string, options: EmitOptions) => {
      const text = emitted(stage, spec, options);
      if (options.output === undefined) process.stdout.write(text);
      else writeFileAtomic(options.output, text);
    });
}

function emitted(stage: string, spec: string, options: EmitOptions): string {
  const drawn = options.format === 'svg';
  if (drawn && (stage !== 'graph' || options.train)) {
    throw new InputError(
      'no-drawing',
      `there is no drawing of ${options.train ? 'a training step' : `the ${stage}`}; only the forward graph has one`,
      options.train ? 'leave out --train, or --format svg' : '`archc emit graph SPEC --format svg`',
    );
  }
  if (stage === 'ast') return `${JSON.stringify(openProgram(spec).program.entry, null, 1)}\n`;
  const model = openModel(spec, { set: options.set, batch: options.batch, training: options.train });
  if (drawn) return networkDrawing(moduleGraph(model, options.depth));
  const section = options.train ? trainSection(model) : undefined;
  const graph = section ? trainingGraph(model, section, section.optimizer, ops).graph : model.graph;
  if (stage === 'graph') return printGraph(graph);
  const bundle = planGraph(graph, ops, nodeRenderer(), {
    model: model.name,
    batch: model.batch,
    limits: portableLimits,
  });
  if (stage === 'plan') return printPlan(bundle.manifest);
  return [...bundle.wgsl].map(([name, text]) => `// ---- ${name}.wgsl\n${text}\n`).join('');
}
