import { readdirSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import type { Graph } from '../../src/ir/graph.ts';
import type { Target } from '../../src/ir/target.ts';
import { ops } from '../../src/ops/index.ts';
import type { ForcedKernels } from '../../src/plan/candidates.ts';
import { planProgram } from '../../src/plan/plan.ts';
import type { Program } from '../../src/program/program.ts';
import { deviceBackend, openTestDevice } from '../device.ts';
import { rounds } from '../kernels/forced.ts';
import { feed } from '../ops/run.ts';
import { halfCase, halfCaseNames, OP_TOLERANCE, withoutPrologues } from './cases.ts';

// Every op of the fixtures predicts as float64 does on operands that half precision holds, which every template reads
// from memory in half precision, by each of the op's variants.

/** Templates that only training has: gradients, the optimizer, what buffers and losses need. */
const ofTraining = [
  ...['adamw_step', 'affine_gradients', 'batch_statistics', 'buffer_step', 'column_gradients'],
  ...['convolution_weight', 'convolution_weight_tiled', 'cross_entropy_backward', 'depthwise_weight'],
  ...[
    'dice_loss_backward',
    'drop_path_mask',
    'interpolate_backward',
    'nearest_labels',
    'plane_norm_backward',
  ],
  ...[
    'plane_sums',
    'pool2d_backward',
    'relative_position_bias_backward',
    'row_norm_backward',
    'scan_gradient',
  ],
  ...['scan_reduce', 'sgd_step', 'softmax_backward', 'sum_pieces', 'sum_squares'],
];
/** Templates that only the CPU target takes, which has no half precision. */
const ofCpu = [
  ...['concat_rows', 'convolution_gradient_panels', 'convolution_pad'],
  ...['convolution_padded', 'convolution_panels', 'convolution_weight_padded'],
  ...['convolution_weight_panels', 'copy_rows', 'copy_transposed'],
  ...['cross_entropy_lanes', 'cross_entropy_lanes_backward', 'cross_merge_blocks'],
  ...['cross_scan_blocks', 'dice_loss_lanes_backward', 'dice_sums_lanes'],
  ...['gemm_packed', 'interpolate_doubled', 'interpolate_doubled_backward'],
  ...['log_sum_exp_lanes', 'normalise_rows', 'reduce_columns'],
  ...['reduce_rows', 'row_norm_backward_chunks', 'scan_pack'],
  ...['scan_sums', 'scan_walk', 'scan_walk_gradient'],
  ...['softmax_rows', 'softmax_rows_backward', 'split_rows'],
  ...['sum_parts_lanes', 'winograd', 'winograd_weight'],
];
/** Templates that read no f32. */
const ofWholeNumbers = ['increment', 'window_mask'];

const device = await openTestDevice();
afterAll(() => device.destroy());
const renderer = kernelRenderer();
const target = withoutPrologues(withHalf(device.target));

/** The CPU device reads half precision, although no target of its own does. */
function withHalf(own: Target): Target {
  return deviceBackend === 'cpu' ? { ...own, features: ['shader-f16'] } : own;
}

/** Rounds of forced variants, one where no op has several. */
function roundsOf(graph: Graph): readonly ForcedKernels[] {
  const all = rounds(graph, target);
  return all.length > 0 ? all : [new Map()];
}

/** Templates that have read half precision, an element at a time or four. */
const read = { one: new Set<string>(), four: new Set<string>() };

function noteReads(program: Program): void {
  for (const { name, wgsl } of program.kernels) {
    const template = name.replace(/^\d+-/, '');
    if (/return f32\(memory_/.test(wgsl)) read.one.add(template);
    if (/return vec4<f32>\((memory_|vec4<f16>)/.test(wgsl)) read.four.add(template);
  }
}

describe.runIf(target.features.includes('shader-f16'))('operands in half precision', () => {
  test.each(halfCaseNames)('%s, by each variant', async (name) => {
    const { graph, feeds, error } = halfCase(name);
    for (const forced of roundsOf(graph)) {
      const plan = {
        model: name,
        batch: 1,
        target,
        kernels: forced,
        precision: 'f16',
        verify: true,
      } as const;
      const program = planProgram({ forward: graph }, ops, renderer, plan);
      noteReads(program);
      const session = await device.open(program);
      feed(session, graph, feeds);
      session.run('forward');
      const found = (await session.readOutputs('forward', ['out'])).get('out')!;
      session.destroy();
      expect(error(found), JSON.stringify([...forced])).toBeLessThan(OP_TOLERANCE);
    }
  });

  test('every template that predicts has read it, those that read vectors as such, too', () => {
    const folder = new URL('../../codegen/kernels/', import.meta.url);
    const all = readdirSync(folder).map((file) => file.replace('.wgsl.hbs', ''));
    const without = [...ofTraining, ...ofCpu, ...ofWholeNumbers].sort();
    expect(all.filter((name) => !read.one.has(name) && !read.four.has(name)).sort()).toEqual(without);
    expect([...read.four].sort()).toEqual(['gemm', 'gemm_tiled']);
  });
});
