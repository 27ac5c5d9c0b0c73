import { Argument, type Command, Option } from 'commander';
import { trainingEntries } from '../../autodiff/entries.ts';
import { trainSection } from '../../compiler/model.ts';
import { moduleGraph } from '../../compiler/module-graph.ts';
import { checkPlanFor, planPortablyWithin } from '../../compiler/portable.ts';
import { kernelRenderer } from '../../compiler/renderer.ts';
import { InputError } from '../../errors.ts';
import { openAst } from '../../files/open.ts';
import { printGraph } from '../../ir/print.ts';
import { ops } from '../../ops/index.ts';
import { passes, runPasses } from '../../passes/index.ts';
import { recompute } from '../../passes/recompute/index.ts';
import { printPlan } from '../../plan/print.ts';
import { explainChoices, printChoices } from '../../plan/why.ts';
import { networkDrawing } from '../../report/network-drawing.ts';
import { writeFileAtomic } from '../../tensors/atomic-file.ts';
import { checkWritable } from '../../tensors/output-path.ts';
import { integer, type ModelOptions, withModelOptions } from '../options.ts';
import { planFor, type TargetOptions, withTarget } from '../target-options.ts';
import { jsonText } from '../terminal.ts';
import { openForCommand } from '../warnings.ts';

interface EmitOptions extends ModelOptions, TargetOptions {
  readonly train?: boolean;
  readonly batch: number;
  readonly after?: string;
  readonly why?: boolean;
  readonly format?: 'text' | 'svg';
  readonly depth?: number;
  readonly output?: string;
}

export function register(program: Command): void {
  withTarget(withModelOptions(program.command('emit')))
    .description('print what the compiler makes of a spec')
    .addArgument(new Argument('<stage>').choices(['ast', 'graph', 'plan', 'wgsl']))
    .argument('<spec>')
    .option('--why', 'of the plan: what each part may be computed by, at what cost, and what was chosen')
    .option('--train', 'the training step instead of the forward pass')
    .option('--batch <n>', 'batch size', integer('--batch', 1), 1)
    .addOption(
      new Option('--after <pass>', 'the graph as it is after this pass of the compiler').choices(
        passes.map((pass) => pass.name),
      ),
    )
    .addOption(
      new Option(
        '--format <format>',
        'of the graph: its text (default), or a drawing of the network by modules',
      ).choices(['text', 'svg']),
    )
    .option(
      '--depth <n>',
      'how many levels of modules a drawing shows; outer ones are frames (default: 2)',
      integer('--depth', 1),
    )
    .option('--output <file>', 'write to a file instead of stdout')
    .action((stage: string, spec: string, options: EmitOptions) => {
      if (options.output !== undefined) checkWritable(options.output);
      if (options.after !== undefined && (stage !== 'graph' || options.format === 'svg')) {
        throw new InputError(
          'bad-value',
          '--after is about the text of the graph',
          `archc emit graph ${spec} --after ${options.after}`,
        );
      }
      if (options.kernel.size > 0 && stage !== 'plan' && stage !== 'wgsl') {
        throw new InputError('bad-value', `--kernel has no part in the ${stage}`, 'emit plan or wgsl');
      }
      if (options.target !== undefined && stage === 'ast') {
        throw new InputError('bad-value', '--target has no part in the syntax tree', 'emit plan or wgsl');
      }
      const before = stage === 'ast' || (stage === 'graph' && options.after === undefined);
      const without = stage === 'ast' ? 'syntax tree' : 'graph before all passes';
      if (options.precision !== 'f32' && before) {
        throw new InputError(
          'bad-value',
          `--precision has no part in the ${without}`,
          `emit plan or wgsl, or archc emit graph ${spec} --precision ${options.precision} --after precision`,
        );
      }
      if (options.memory !== undefined && before) {
        throw new InputError(
          'bad-value',
          `--memory has no part in the ${without}`,
          `emit plan or wgsl, or archc emit graph ${spec} --memory … --after ${recompute.name}`,
        );
      }
      if (options.why && stage !== 'plan') {
        throw new InputError('bad-value', '--why is about the plan', `archc emit plan ${spec} --why`);
      }
      const text = options.format === 'svg' ? drawing(stage, spec, options) : emitted(stage, spec, options);
      if (options.output === undefined) process.stdout.write(text);
      else writeFileAtomic(options.output, text);
    });
}

function drawing(stage: string, spec: string, options: EmitOptions): string {
  if (stage !== 'graph' || options.train || options.json) {
    const wrong = stage !== 'graph' ? `the ${stage}` : options.train ? 'a training step' : 'JSON';
    throw new InputError(
      'no-drawing',
      `--format svg draws the forward graph, not ${wrong}`,
      `archc emit graph ${spec} --format svg`,
    );
  }
  const { model } = openForCommand(spec, options, { batch: options.batch });
  return networkDrawing(moduleGraph(model, options.depth ?? 2));
}

function emitted(stage: string, spec: string, options: EmitOptions): string {
  if (options.depth !== undefined || (options.format !== undefined && stage !== 'graph')) {
    throw new InputError(
      'no-drawing',
      options.depth !== undefined
        ? '--depth is about drawings, and this is text'
        : `--format is about the graph, not the ${stage}`,
      `archc emit graph ${spec} --format svg --depth 2`,
    );
  }
  if (stage === 'ast') {
    if (options.train || Object.keys(options.set).length > 0) {
      throw new InputError(
        'bad-value',
        'the syntax tree is that of the text: --set and --train have no part in it',
        'leave them out, or emit graph',
      );
    }
    return jsonText(openAst(spec));
  }
  const { model } = openForCommand(spec, options, { batch: options.batch, training: options.train });
  const section = options.train ? trainSection(model) : undefined;
  const graphs = Object.entries(
    section
      ? trainingEntries(model, section, section.optimizer, ops, { thaws: true }).entries
      : { forward: model.graph },
  );
  const plan = planFor(options);
  const { target, precision } = plan;
  checkPlanFor(
    graphs.map(([name]) => name),
    plan,
  );
  const planned = () => planPortablyWithin(model, Object.fromEntries(graphs), kernelRenderer(), plan);
  /** Entries as the planner has them after passes. */
  const passed = (after?: string) => {
    const found = plan.memory === undefined ? undefined : planned().recomputation;
    const budgets = new Map(found?.entries.map(({ entry, budget }) => [entry, budget]));
    const context = (entry: string) => ({ ops, target, precision, budget: budgets.get(entry) });
    const { verify } = options;
    return graphs.map(([name, graph]) => [name, runPasses(graph, context(name), { after, verify })] as const);
  };
  if (stage === 'graph') {
    const { after, verify } = options;
    const checked = after !== undefined || verify ? passed(after) : [];
    const shown = after === undefined ? graphs : checked;
    if (!section) return options.json ? jsonText(shown[0][1]) : printGraph(shown[0][1]);
    if (options.json) return jsonText(Object.fromEntries(shown));
    return shown.map(([name, graph]) => `entry ${name}\n${printGraph(graph)}`).join('\n');
  }
  if (options.why) {
    const last = passed().map(([, graph]) => graph);
    const choices = explainChoices(last, ops, target, plan.kernels);
    return options.json ? jsonText(choices) : printChoices(choices, target);
  }
  const { program, recomputation } = planned();
  const { kernels, ...rest } = program;
  if (stage === 'wgsl') {
    if (options.json) return jsonText(Object.fromEntries(kernels.map((k) => [k.name, k.wgsl])));
    return kernels.map(({ name, wgsl }) => `// ---- ${name}.wgsl\n${wgsl}\n`).join('');
  }
  return options.json
    ? jsonText({ ...rest, kernels: kernels.map(({ wgsl: _, ...info }) => info), recomputation })
    : printPlan(program, recomputation);
}
