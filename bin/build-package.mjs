// `npm run package [-- options of npm pack]`: builds what the package contains, lays it out in dist/package and packs that.
// It is not the checkout that is packed: what is bundled are dependencies of the checkout, and none of the package.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { buildForBrowsers, buildForNode, root, shippedSpecs } from './build.mjs';
import { notices } from './licences.mjs';
import { prepare, runHere } from './prepare.mjs';

/** What is installed with the package: Dawn, which is native, and the types that its declarations name. */
const beside = ['@webgpu/types', 'webgpu'];

const dist = join(root, 'dist');
const prepared = await prepare({ development: true, adapter: false });
if (prepared !== 0) process.exit(prepared);
for (const name of ['node', 'compiler', 'runtime', 'types', 'package'])
  rmSync(join(dist, name), { recursive: true, force: true });

const { inputs } = await buildForNode(root, join(dist, 'node'));
const portable = await buildForBrowsers(root, dist);
writeFileSync(join(dist, 'specs.json'), `${JSON.stringify(shippedSpecs(root))}\n`);
const bundled = new Set([...Object.keys(inputs), ...Object.keys(portable.inputs)]);
writeFileSync(join(dist, 'THIRD-PARTY-LICENSES.txt'), notices(root, [...bundled]));
buildTypes(join(dist, 'types'), ['src/index.ts', 'src/compiler/index.ts', 'src/runtime/index.ts']);
layOut(join(dist, 'package'));
process.exitCode = runHere('npm', ['pack', './dist/package', ...process.argv.slice(2)]);

/** The files of the package in a folder of their own, with a package.json that names what it needs beside them. */
function layOut(folder) {
  // npm itself knows which files `files` in package.json means.
  const list = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  for (const { path } of JSON.parse(list)[0].files) cpSync(join(root, path), join(folder, path));
  const { scripts, devDependencies, allowScripts, dependencies, ...manifest } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  );
  const kept = Object.fromEntries(beside.map((name) => [name, dependencies[name]]));
  writeFileSync(
    join(folder, 'package.json'),
    `${JSON.stringify({ ...manifest, dependencies: kept }, undefined, 2)}\n`,
  );
}

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
  console.error(`${relative(root, folder)}: ${reached.size} declarations`);
}
