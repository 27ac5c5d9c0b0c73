import { prune as pruned } from '../ir/prune.ts';
import type { Pass } from './pass.ts';

export const prune: Pass = {
  name: 'prune',
  doc: 'Drops nodes that no output or update depends on.',
  run: (graph) => pruned(graph),
};
