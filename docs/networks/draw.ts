/** Draws the diagrams of docs/networks.md: `npm run diagrams`. */
import { writeFileAtomic } from '../../src/tensors/atomic-file.ts';
import { diagram, diagramDepths, diagramFile } from './diagram.ts';

for (const name of Object.keys(diagramDepths)) {
  writeFileAtomic(diagramFile(name), diagram(name));
  console.log(diagramFile(name));
}
