import type { Command } from 'commander';
import { register as registerPlan } from './data/plan.ts';
import { register as registerPreprocess } from './data/preprocess.ts';

/** The group `archc data …`, one file a command. */
export function register(program: Command): void {
  const group = program.command('data').description('plan for a data set, and preprocess it');
  registerPlan(group);
  registerPreprocess(group);
}
