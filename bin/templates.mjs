// Templates as JavaScript: builds hold these modules in the place of `codegen/templates.ts` and of
// `src/report/page-template.ts`, so that nothing makes functions of text at run time, which a page's content security
// policy may forbid.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A module with the exports of `codegen/templates.ts`. */
async function templatesModule(checkout) {
  const { default: Handlebars } = await import('handlebars');
  const codegen = join(checkout, 'codegen');
  const read = (path) => readFileSync(join(codegen, path), 'utf8');
  const list = (folder, ending) =>
    readdirSync(join(codegen, folder))
      .filter((name) => name.endsWith(ending))
      .sort()
      .map((name) => `${folder}/${name}`);
  const options = { noEscape: true, strict: true };
  const templates = ['module.wgsl.hbs', ...list('kernels', '.wgsl.hbs')].map(
    (path) => `${JSON.stringify(path)}: ${Handlebars.precompile(read(path), options)}`,
  );
  const texts = list('functions', '.wgsl').map((path) => [path, read(path)]);
  return `import Handlebars from 'handlebars/runtime.js';
const templates = {${templates.join(',\n')}};
const texts = ${JSON.stringify(Object.fromEntries(texts))};
export function template(path) {
  if (!Object.hasOwn(templates, path)) throw new Error('there is no template ' + path);
  return Handlebars.template(templates[path]);
}
export function text(path) {
  if (!Object.hasOwn(texts, path)) throw new Error('there is no text ' + path);
  return texts[path];
}
`;
}

/** A module with the export of `src/report/page-template.ts`, which lies in `folder`. */
async function pageModule(folder) {
  const { default: Handlebars } = await import('handlebars');
  const text = readFileSync(join(folder, 'run-page.html.hbs'), 'utf8');
  return `import Handlebars from 'handlebars/runtime.js';
const template = Handlebars.template(${Handlebars.precompile(text, { strict: true })});
export const pageTemplate = () => template;
`;
}

/** Plugin of esbuild: every build that renders kernels needs it. */
export const precompiledTemplates = (checkout) => ({
  name: 'precompiled-templates',
  setup(build) {
    build.onLoad({ filter: /[\\/]codegen[\\/]templates\.ts$/ }, async () => ({
      contents: await templatesModule(checkout),
      loader: 'js',
      resolveDir: join(checkout, 'codegen'),
    }));
    build.onLoad({ filter: /[\\/]report[\\/]page-template\.ts$/ }, async ({ path }) => ({
      contents: await pageModule(dirname(path)),
      loader: 'js',
      resolveDir: dirname(path),
    }));
  },
});
