import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { printGraph } from '../../src/ir/print.ts';
import { elaborate, loadSpec } from '../../src/language/index.ts';
import { memoryFiles } from '../../src/language/memory-files.ts';
import { ops } from '../../src/ops/index.ts';

/** A checked model as text: what was chosen, its parameters, its graph. */
it('a small U-Net, checked and elaborated, prints as it did', async () => {
  const read = (path: string) => readFileSync(new URL(`../../specs/${path}`, import.meta.url), 'utf8');
  const files = Object.fromEntries(['nnunet.arch', 'lib/nn.arch', 'lib/unet.arch'].map((f) => [f, read(f)]));
  const set = { size: '<8, 8>', features: '<2, 4>', classes: '3' };
  const { model, diagnostics } = elaborate(
    loadSpec('nnunet.arch', memoryFiles(files)),
    undefined,
    set,
    2,
    ops,
    {
      training: false,
    },
  );
  expect(diagnostics).toEqual([]);
  if (!model) return;
  const text = [
    `${model.name} ${JSON.stringify(model.config)}`,
    ...model.outputs.map((o) => `output ${o.name}: [${o.dims.join(', ')}]`),
    ...model.modules.map((m) => `module ${m.path || '.'}: ${m.block}`),
    ...model.parameters.map(
      (p) => `param ${p.name}: [${p.shape.join(', ')}] = ${p.init.kind} ${JSON.stringify(p.init.args)}`,
    ),
    printGraph(model.graph),
  ].join('\n');
  await expect(`${text}\n`).toMatchFileSnapshot('golden/small-unet.txt');
});
