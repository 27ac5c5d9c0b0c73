// Makes JavaScript of the TypeScript sources: a few minified files, split so that a command reads only its own part.
// Plain JavaScript with Node's own modules at the top: it runs before anything is built, and `esbuild` only when needed.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { precompiledTemplates } from './templates.mjs';
import { translatorVersion } from './translator-version.mjs';

/** The folder of the checkout. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** What is built for Node: the command line, threads that it starts, the set-up of `npm test`, the library. */
const entries = {
  cli: 'src/cli/process.ts',
  'batch-worker': 'src/data/cache/batch-worker.ts',
  'case-worker': 'src/data/case-worker.ts',
  setup: 'src/adapter/setup.ts',
  index: 'src/index.ts',
};

/** What a build depends on. Specs are read when a command runs, so they are not among it. */
const inputs = [
  'src',
  'grammar',
  'codegen',
  'bin/build.mjs',
  'bin/templates.mjs',
  'bin/translator-version.mjs',
  'package.json',
  'node_modules/.package-lock.json',
];

/** Builds older than this, in milliseconds, go when another is made: a command has long read all it needs. */
const KEPT = 3600 * 1000;

/** Says of a failure what to do; anything else that is thrown here is a fault of archc. */
export class BuildError extends Error {
  name = 'BuildError';
}

const common = {
  bundle: true,
  format: 'esm',
  minify: true,
  // Read by Node only under ARCHC_DEBUG, for the lines of stack traces.
  sourcemap: 'linked',
  sourcesContent: false,
  logLevel: 'silent',
};

/**
 * The folder of a build of the sources as they are now, made if it is not there. Its name is a digest of the
 * sources' names, sizes and times: no build is ever changed, so whoever runs from one keeps it whole, and of two
 * processes that build at once the later finds the earlier's.
 */
export async function freshBuild(checkout = root) {
  const dist = join(checkout, 'dist');
  const folder = join(dist, `sources-${digest(checkout)}`);
  if (existsSync(folder)) return folder;
  let temporary;
  try {
    mkdirSync(dist, { recursive: true });
    temporary = join(dist, `building-${process.pid}-${Date.now()}`);
    mkdirSync(temporary);
    await buildForNode(checkout, temporary);
    renameSync(temporary, folder);
  } catch (error) {
    if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
    // Another process was faster: a folder does not replace one that is not empty.
    if (existsSync(folder)) return folder;
    if (!['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'ENOTDIR', 'EEXIST'].includes(error.code)) throw error;
    throw new BuildError(`the build cannot be written: ${error.message}\n  = try: make ${dist} writable`);
  }
  removeOld(dist, folder);
  return folder;
}

/**
 * Builds into `folder`, which must be two levels below the checkout or the package: `../../specs`
 * means the same from there as from a source file. Resolves to esbuild's list of what went in.
 */
export async function buildForNode(checkout, folder) {
  const { build } = await loadEsbuild();
  const { metafile } = await build({
    ...common,
    metafile: true,
    absWorkingDir: checkout,
    entryPoints: entries,
    outdir: folder,
    splitting: true,
    platform: 'node',
    target: 'node20',
    external: ['webgpu', '@sparticuz/chromium'],
    plugins: [precompiledTemplates(checkout), translatorVersion(checkout)],
    // CommonJS packages inside the files ask for Node's modules with `require`.
    banner: {
      js: "import { createRequire as nodeRequire } from 'node:module'; const require = nodeRequire(import.meta.url);",
    },
  });
  return metafile;
}

/**
 * Builds what also runs in browsers and workers, `archc/compiler` and `archc/runtime`, into `folder`: one file each.
 * Fails where one of them needs anything of Node's. Resolves to esbuild's list of what went in.
 */
export async function buildForBrowsers(checkout, folder) {
  const { build } = await loadEsbuild();
  const { metafile } = await build({
    ...common,
    metafile: true,
    absWorkingDir: checkout,
    entryPoints: { 'compiler/index': 'src/compiler/index.ts', 'runtime/index': 'src/runtime/index.ts' },
    outdir: folder,
    platform: 'browser',
    target: 'es2022',
    plugins: [precompiledTemplates(checkout)],
  });
  return metafile;
}

/** The specs that come with archc, as `archc/compiler` takes them: texts by the path that imports name. */
export function shippedSpecs(checkout) {
  const folder = join(checkout, 'specs');
  const names = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.arch'));
  return Object.fromEntries(
    names
      .sort()
      .map((name) => [`archc/${name.replaceAll('\\', '/')}`, readFileSync(join(folder, name), 'utf8')]),
  );
}

async function loadEsbuild() {
  try {
    return await import('esbuild');
  } catch (error) {
    throw new BuildError(`packages are not installed (${error.message.split('\n')[0]})\n  = try: npm ci`);
  }
}

function digest(checkout) {
  const hash = createHash('sha256');
  const visit = (path) => {
    const stats = statSync(join(checkout, path), { throwIfNoEntry: false });
    if (stats?.isDirectory()) {
      for (const name of readdirSync(join(checkout, path)).sort()) visit(`${path}/${name}`);
    } else if (stats && !/\.test\.ts$/.test(path)) {
      hash.update(`${path} ${stats.size} ${stats.mtimeMs}\n`);
    }
  };
  for (const path of inputs) visit(path);
  return hash.digest('hex').slice(0, 16);
}

function removeOld(dist, current) {
  for (const name of readdirSync(dist)) {
    const path = join(dist, name);
    if (path === current || !/^(sources|building)-/.test(name)) continue;
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats && Date.now() - stats.mtimeMs > KEPT) rmSync(path, { recursive: true, force: true });
  }
}
