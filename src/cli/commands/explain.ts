import type { Command } from 'commander';
import { InputError } from '../../errors.ts';
import { editDistance } from '../../language/suggest.ts';
import { codeNames, codePage, codeText, summary } from '../explain/codes.ts';
import { type Page, pageText } from '../explain/page.ts';
import { printJson, printLine } from '../terminal.ts';

interface ExplainOptions {
  readonly list?: boolean;
  readonly json?: boolean;
}

/** Names given where the one asked for does not exist. */
const SUGGESTIONS = 3;

export function register(program: Command): void {
  program
    .command('explain')
    .description('what an error code, an op, a block of the library or a part of a recipe means, at length')
    .argument(
      '[name]',
      'a code as in error[CODE], an op (conv2d), a block (Conv2d), an optimizer, a loss … (sgd)',
    )
    .option('--list', 'all ops, blocks, parts of recipes and codes, a line each')
    .option('--json', 'print one JSON document on stdout')
    .action(async (name: string | undefined, options: ExplainOptions) => {
      if (options.list) {
        if (name !== undefined)
          throw new InputError('bad-value', `--list takes no name, found ${name}`, `archc explain ${name}`);
        await list(options.json ?? false);
      } else if (name === undefined) {
        throw new InputError(
          'missing-argument',
          'explain needs a code, an op, a block or a part of a recipe',
          'archc explain --list',
        );
      } else await explain(name, options.json ?? false);
    });
}

// Ops and the like are loaded only where no code has the name.
const opsModule = () => import('../explain/ops.ts');
const blocksModule = () => import('../explain/blocks.ts');
const recipeModule = () => import('../explain/recipe.ts');

async function explain(given: string, json: boolean): Promise<void> {
  // As pasted out of a message: error[shape-mismatch].
  const wanted = given.replace(/^(?:error|warning)?\[(.*)\]$/, '$1');
  const code = codePage(wanted);
  if (code) {
    if (json) printJson({ kind: 'code', ...code });
    else printLine(codeText(code));
    return;
  }
  const pages = [
    (await opsModule()).opPage(wanted),
    (await blocksModule()).blockPage(wanted),
    ...(await recipeModule()).recipePagesOf(wanted),
  ].flatMap((page) => page ?? []);
  if (pages.length === 0) throw await unknown(wanted);
  if (!json) {
    printLine(pages.map(pageText).join('\n\n'));
    return;
  }
  // `cross_entropy` is an op, and a loss made of it.
  const [first, ...also] = pages.map((page) => ({ ...page, facts: Object.fromEntries(page.facts) }));
  printJson(also.length === 0 ? first : { ...first, also });
}

async function unknown(wanted: string): Promise<InputError> {
  const names = [
    ...codeNames(),
    ...(await opsModule()).opNames(),
    ...(await blocksModule()).blockNames(),
    ...(await recipeModule()).recipeNames(),
  ];
  const near = names
    .map((name) => ({ name, distance: editDistance(wanted.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, SUGGESTIONS)
    .map(({ name }) => name);
  return new InputError(
    'unknown-code',
    `${wanted} is no error code, no op, no block of the library and no part of a recipe`,
    `${near.join(', ')} (archc explain --list shows all)`,
  );
}

async function list(json: boolean): Promise<void> {
  const pages: readonly Page[] = [
    ...(await opsModule()).opPages().flatMap(({ pages: ofFamily }) => ofFamily),
    ...(await blocksModule()).blockPages().flatMap(({ pages: ofFile }) => ofFile),
    ...(await recipeModule()).recipePages().flatMap(({ pages: ofTable }) => ofTable),
  ];
  const entries = [
    ...pages.map(({ kind, name, signature }) => ({ kind, name, text: signature.slice(name.length) })),
    ...codeNames().flatMap((name) => {
      const page = codePage(name);
      return page ? [{ kind: 'code' as const, name, text: summary(page) }] : [];
    }),
  ];
  if (json) {
    printJson(entries);
    return;
  }
  const widest = (texts: readonly string[]) => Math.max(...texts.map((text) => text.length));
  const [kinds, names] = [widest(entries.map((e) => e.kind)), widest(entries.map((e) => e.name))];
  for (const { kind, name, text } of entries)
    printLine(`${kind.padEnd(kinds)}  ${name.padEnd(names)}  ${text}`.trimEnd());
}
