/** Writes docs/ops.md, docs/library.md and docs/recipes.md: `npm run docs`. */
import { writeFileAtomic } from '../../src/tensors/atomic-file.ts';
import { references } from './reference.ts';

for (const [file, document] of Object.entries(references)) {
  writeFileAtomic(file, document());
  console.log(file);
}
