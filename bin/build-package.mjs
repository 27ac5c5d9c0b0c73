// `npm pack` runs this first: everything under dist/ that the package contains.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { buildForBrowsers, buildForNode, root, shippedSpecs } from './build.mjs';
import { notices } from './licences.mjs';

const dist = join(root, 'dist');
for (const name of ['node', 'compiler', 'runtime', 'types'])
  rmSync(join(dist, name), { recursive: true, force: true });

const { inputs } = await buildForNode(root, join(dist, 'node'));
const portable = await buildForBrowsers(root, dist);
writeFileSync(join(dist, 'specs.json'), `${JSON.stringify(shippedSpecs(root))}\n`);
const bundled = new Set([...Object.keys(inputs), ...Object.keys(portable.inputs)]);
writeFileSync(join(dist, 'THIRD-PARTY-LICENSES.txt'), notices(root, [...bundled]));
buildTypes(join(dist, 'types'), ['src/index.ts', 'src/compiler/index.ts', 'src/runtime/index.ts']);

/** Declarations of the entries and of all that they name. */
function buildTypes(folder, entries) {
  mkdirSync(folder, { recursive: true });
  const config = join(folder, 'tsconfig.json');
  const compilerOptions = {
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    outDir: folder,
    rootDir: root,
  };
  const files = entries.map((entry) => join(root, entry));
  writeFileSync(
    config,
    JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions, files, include: [] }),
  );
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { status } = spawnSync(process.execPath, [tsc, '--project', config], { stdio: 'inherit' });
  if (status !== 0) throw new Error('the types do not compile, see above');
  rmSync(config);

  const reached = new Set();
  const visit = (file) => {
    if (reached.has(file)) return;
    if (!existsSync(file)) throw new Error(`${file} is named by a declaration and was not written`);
    reached.add(file);
    // Declarations name each other as sources; every compiler finds `.js`.
    const text = readFileSync(file, 'utf8').replace(/(["'])(\.{1,2}\/[^"'\n]+)\.ts\1/g, (_, quote, path) => {
      visit(resolve(dirname(file), `${path}.d.ts`));
      return `${quote}${path}.js${quote}`;
    });
    writeFileSync(file, text);
  };
  for (const entry of entries) visit(join(folder, entry.replace(/\.ts$/, '.d.ts')));
  for (const name of readdirSync(folder, { recursive: true })) {
    if (name.endsWith('.ts') && !reached.has(join(folder, name))) rmSync(join(folder, name));
  }
  console.log(`${relative(root, folder)}: ${reached.size} declarations`);
}
