// The notices of the packages that a build contains, which their licences ask to be kept.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Licences that allow a copy inside another program, as long as the notice is kept. */
const allowed = ['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'Apache-2.0', '(MIT AND Zlib)'];

/**
 * One text of all notices.
 *
 * @param inputs paths of bundled files, relative to the checkout
 * @throws where a package's licence is not among those allowed, or its text is not to be found
 */
export function notices(checkout, inputs) {
  const folders = new Set(inputs.flatMap((path) => packageFolder(path) ?? []));
  const sections = [...folders].sort().map((folder) => {
    const { name, version, license, author } = JSON.parse(
      readFileSync(join(checkout, folder, 'package.json'), 'utf8'),
    );
    if (!allowed.includes(license)) throw new Error(`${name} ${version} has the licence ${license}`);
    return `${name} ${version} (${license})\n\n${licenceText(join(checkout, folder), name, license, author)}\n`;
  });
  const line = `\n${'-'.repeat(80)}\n\n`;
  return ['The files of this folder contain these packages:\n', ...sections].join(line);
}

/** `node_modules/@scope/name` of the innermost package; undefined for a source of this project. */
function packageFolder(path) {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
}

function licenceText(folder, name, license, author) {
  // Some keep the texts of what they contain in turn in a folder: `licenses/LICENSE-d3`.
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /^(licen[cs]e|notice|copying)/i.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/[\\/]node_modules[\\/]/.test(path.slice(folder.length)));
  if (files.length > 0) return files.map((file) => readFileSync(file, 'utf8').trim()).join('\n\n');
  throw new Error(`${name} has no licence file (${license}, ${JSON.stringify(author)})`);
}
