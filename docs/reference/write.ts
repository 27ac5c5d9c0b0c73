/** Writes docs/ops.md, docs/library.md, docs/recipes.md and docs/kernels.md: `npm run docs`. */
import { writeFileAtomic } from '../../src/tensors/atomic-file.ts';
import { references } from './reference.ts';

for (const [file, document] of Object.entries(references)) {
  writeFileAtomic(file, document());
  console.log(file);
}
