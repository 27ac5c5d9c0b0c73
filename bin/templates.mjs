// The templates of codegen/ as JavaScript: builds hold this in the place of `codegen/templates.ts`, so that nothing
// makes functions of text at run time, which a page's content security policy may forbid.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

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

/** Plugin of esbuild: every build that renders kernels needs it. */
export const precompiledTemplates = (checkout) => ({
  name: 'precompiled-templates',
  setup(build) {
    build.onLoad({ filter: /[\\/]codegen[\\/]templates\.ts$/ }, async () => ({
      contents: await templatesModule(checkout),
      loader: 'js',
      resolveDir: join(checkout, 'codegen'),
    }));
  },
});
