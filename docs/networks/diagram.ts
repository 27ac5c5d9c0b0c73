import { fileURLToPath } from 'node:url';
import { moduleGraph } from '../../src/compiler/module-graph.ts';
import { openModel } from '../../src/files/open.ts';
import { networkDrawing } from '../../src/report/network-drawing.ts';

/** The shipped networks with the levels of modules that their diagrams show: as many as stay readable. */
export const diagramDepths: Readonly<Record<string, number>> = {
  'swin-umamba': 2,
  'swin-umamba-d': 2,
  vmamba: 1,
  nnunet: 2,
  'umamba-bot': 2,
  'umamba-enc': 2,
  segresnet: 1,
  unetr: 2,
  'swin-unetr': 2,
  nnformer: 2,
};

/** What `archc emit graph NAME --format svg --depth N` draws. */
export function diagram(name: string): string {
  return networkDrawing(moduleGraph(openModel(name), diagramDepths[name]));
}

export const diagramFile = (name: string): string => fileURLToPath(new URL(`./${name}.svg`, import.meta.url));
