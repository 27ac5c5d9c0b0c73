import type { ScheduleSpec } from '../language/model.ts';

/**
 * Learning rate of step `t` (from 0) of `steps`.
 *
 * Cosine (Loshchilov and Hutter 2017) goes from `lr` towards `to`, which it would reach at step `steps`; poly is
 * nnU-Net's lr · (1 − t / steps)^power. With warm-up the rate first rises linearly.
 */
export function learningRate(schedule: ScheduleSpec, lr: number, t: number, steps: number): number {
  if (schedule.kind === 'constant') return lr;
  const { warmup } = schedule;
  if (t < warmup) return (lr * (t + 1)) / warmup;
  const progress = (t - warmup) / Math.max(steps - warmup, 1);
  if (schedule.kind === 'poly') return lr * (1 - progress) ** schedule.power;
  return schedule.to + 0.5 * (lr - schedule.to) * (1 + Math.cos(Math.PI * progress));
}
