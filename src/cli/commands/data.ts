import type { Command } from 'commander';
import { register as registerPlan } from './data/plan.ts';
import { register as registerPreprocess } from './data/preprocess.ts';
import { register as registerVerify } from './data/verify.ts';
import { register as registerView } from './data/view.ts';

/** The group `archc data …`, one file a command. */
export function register(program: Command): void {
  const group = program
    .command('data')
    .description('verify a data set, look at it, plan for it, and preprocess it');
  registerVerify(group);
  registerView(group);
  registerPlan(group);
  registerPreprocess(group);
}
