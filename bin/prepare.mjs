// What `npm start` and `npm test` do first, from a fresh checkout on: packages, and for tests a WebGPU adapter.
// Plain JavaScript with nothing but Node's own modules at the top, since it must run before `npm ci` has.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './build.mjs';
import { runQuietly } from './quiet.mjs';

/** Runs a program in the checkout with this terminal; its exit code, or 1 if it could not run or was killed. */
export function runHere(command, args, env = {}) {
  // npm is a .cmd file on Windows, which only a shell starts.
  const shell = process.platform === 'win32' && command === 'npm';
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    shell,
    env: { ...process.env, ...env },
  });
  if (result.error) console.error(`error: ${command} cannot be run: ${result.error.message}`);
  return result.status ?? 1;
}

/**
 * What to install and why, or undefined. Versions are compared, not file times, which a checkout changes:
 * npm keeps what it installed in node_modules/.package-lock.json.
 *
 * Without `development`, packages that only tests, lint and documentation need may be missing; where they are
 * installed, they are kept.
 */
export function whatToInstall(development, checkout = root) {
  const read = (path) => JSON.parse(readFileSync(join(checkout, path), 'utf8')).packages;
  if (!existsSync(join(checkout, 'node_modules/.package-lock.json')))
    return { reason: 'node_modules is missing', args: [development ? '--include=dev' : '--omit=dev'] };
  const installed = read('node_modules/.package-lock.json');
  const all = development || Object.values(installed).some(({ dev }) => dev);
  for (const [path, { version, optional, dev, devOptional, link }] of Object.entries(
    read('package-lock.json'),
  )) {
    // Optional packages are those of other platforms.
    if (path === '' || optional || link || installed[path]?.version === version) continue;
    if ((dev || devOptional) && !development) continue;
    return {
      reason: `${path} is ${installed[path]?.version ?? 'missing'}, package-lock.json has ${version}`,
      args: [all ? '--include=dev' : '--omit=dev'],
    };
  }
  return undefined;
}

/**
 * Installs what packages are missing, with `development` also those that only tests, lint and documentation need, and
 * with `adapter` makes sure that there is one of WebGPU. Resolves to an exit code, 0 if all is there.
 */
export async function prepare({ development, adapter }) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(`error: this is Node ${process.versions.node}\n  = try: Node 20.19 or newer`);
    return 2;
  }
  const install = whatToInstall(development);
  if (install) {
    console.log(`installing packages (${install.reason}) ...`);
    const code = runHere('npm', ['ci', ...install.args, '--no-audit', '--no-fund']);
    if (code !== 0) return code;
  }
  return adapter ? runQuietly([join(root, 'bin/set-up.mjs')], { cwd: root }) : 0;
}
