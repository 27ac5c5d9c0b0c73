import { fileURLToPath } from 'node:url';
import { blockPages } from '../../src/cli/explain/blocks.ts';
import { opPages } from '../../src/cli/explain/ops.ts';
import { type Page, pageMarkdown } from '../../src/cli/explain/page.ts';
import { recipePages } from '../../src/cli/explain/recipe.ts';
import { outputSettings, trainSettings } from '../../src/recipe/train-settings.ts';
import { kernelsDocument } from './kernels.ts';
import { table } from './table.ts';

/** The generated documents by file. */
export const references: Readonly<Record<string, () => string>> = {
  [fileURLToPath(new URL('../ops.md', import.meta.url))]: opsDocument,
  [fileURLToPath(new URL('../library.md', import.meta.url))]: libraryDocument,
  [fileURLToPath(new URL('../recipes.md', import.meta.url))]: recipesDocument,
  [fileURLToPath(new URL('../kernels.md', import.meta.url))]: kernelsDocument,
};

const contents = (pages: readonly Page[]): string =>
  pages.map(({ name }) => `[${name}](#${name.toLowerCase()})`).join(', ');

/** docs/ops.md: all that a spec can call, from the op table. */
function opsDocument(): string {
  const families = opPages();
  const sections = families.map(({ title, pages }) =>
    [`## ${title}`, ...pages.map(pageMarkdown)].join('\n\n'),
  );
  return `${[
    '# Ops',
    'Written by `npm run docs` from `src/ops`; `archc explain conv2d` prints one of these. Operands are tensors and come first, then attributes, by position or by name; an operand with `= none` can be left off. In shapes `B` is the batch and `...` any axes; a vector attribute such as `<int, int>` takes one number for all its entries. Ops on tensors are also written `a + b`, `a - b`, `a * b`, `a / b`; with a number they are `affine`.',
    families.map(({ title, pages }) => `- ${title}: ${contents(pages)}`).join('\n'),
    ...sections,
  ].join('\n\n')}\n`;
}

/** docs/library.md: the blocks that come with archc, from their files. */
function libraryDocument(): string {
  const files = blockPages();
  const sections = files.map(({ title, doc, pages }) =>
    [`## ${title}`, doc.replaceAll('*', '\\*'), ...pages.map(pageMarkdown)].join('\n\n'),
  );
  return `${[
    '# The library',
    'Written by `npm run docs` from `specs/lib`; `archc explain Conv2d` prints one of these. A block is imported by its file, `import { Conv2d } from "archc/lib/nn.arch"`, declared with a name, which becomes part of the names of its parameters, and called in `forward`. Shapes and parameters are in terms of its arguments.',
    files.map(({ title, pages }) => `- \`${title}\`: ${contents(pages)}`).join('\n'),
    ...sections,
  ].join('\n\n')}\n`;
}

/** What may be set, as a table. */
function settingsTable(settings: typeof trainSettings): string {
  const rows = Object.entries(settings).map(([name, { takes, leftOut }]) => [`\`${name}\``, takes, leftOut]);
  return table(['setting', 'takes', 'left out'], rows);
}

/** docs/recipes.md: losses, optimizers and the like, from their tables. */
function recipesDocument(): string {
  const tables = recipePages();
  const sections = tables.map(({ title, doc, pages }) =>
    [`## ${title}`, doc, ...pages.map(pageMarkdown)].join('\n\n'),
  );
  return `${[
    '# Recipes',
    'Written by `npm run docs` from `src/recipe`; `archc explain sgd` prints one of these. What the settings of a [train section](language.md#training) are made of, and how parameters start. Arguments are given by position or by name; one with a default can be left off, and with `= none` that means something of its own; `none` may also be written.',
    tables
      .map(({ title, pages }) => `- ${title}: ${pages.map(({ name }) => `\`${name}\``).join(', ')}`)
      .join('\n'),
    '## Settings',
    settingsTable(trainSettings),
    '## Settings of an output',
    'In `output NAME { … }` of a train section: see [language.md](language.md#outputs-with-targets-of-their-own).',
    settingsTable(outputSettings),
    ...sections,
  ].join('\n\n')}\n`;
}
