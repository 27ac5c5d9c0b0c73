import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JobError } from '../errors.ts';
import {
  type AptSource,
  backportsSources,
  distributionSources,
  formatDeb822Sources,
  parseDeb822Sources,
  parseOneLineSources,
} from './apt-sources.ts';

/** Mesa's Vulkan drivers, lavapipe among them, and the Vulkan loader that Dawn opens. */
const driverPackage = 'mesa-vulkan-drivers';
const packages = [driverPackage, 'libvulkan1'];

/** Dawn refuses lavapipe of Mesa 22 and before. */
export const oldestMesa = 23;

/** Time limits in seconds. Unpacking gets the longest, as stopping dpkg half-way leaves a broken system. */
const limits = { query: 30, update: 180, download: 300, unpack: 600 };

/** A release of Debian or of a distribution made from it. */
export type AptRelease = { readonly id: string; readonly codename: string };

/** The release from the text of `/etc/os-release`; undefined if it is none that uses Debian's packages. */
export function parseOsRelease(text: string): AptRelease | undefined {
  const value = (name: string): string | undefined =>
    new RegExp(`^${name}=["']?([^"'\\n]*)["']?$`, 'm').exec(text)?.[1];
  const id = value('ID');
  const codename = value('UBUNTU_CODENAME') ?? value('VERSION_CODENAME');
  const family = [id, ...(value('ID_LIKE')?.split(' ') ?? [])];
  if (!id || !codename || !(family.includes('debian') || family.includes('ubuntu'))) return undefined;
  return { id, codename };
}

/** Why lavapipe cannot be installed here, or undefined if it can be tried. */
export function whyNotInstallable(): string | undefined {
  if (process.platform !== 'linux') return `this is ${process.platform}, not Linux`;
  if (!existsSync('/etc/os-release') || !parseOsRelease(readFileSync('/etc/os-release', 'utf8')))
    return 'this is neither Debian nor Ubuntu';
  if (!existsSync('/usr/bin/apt-get')) return 'there is no apt-get';
  if (process.getuid?.() !== 0) return 'installing packages takes root';
  return undefined;
}

/** All enabled entries of an apt configuration folder (normally `/etc/apt`). */
export function readAptSources(folder = '/etc/apt'): AptSource[] {
  const main = join(folder, 'sources.list');
  const parts = join(folder, 'sources.list.d');
  const sources = existsSync(main) ? parseOneLineSources(readFileSync(main, 'utf8')) : [];
  for (const name of existsSync(parts) ? readdirSync(parts).sort() : []) {
    const text = () => readFileSync(join(parts, name), 'utf8');
    if (name.endsWith('.sources')) sources.push(...parseDeb822Sources(text()));
    else if (name.endsWith('.list')) sources.push(...parseOneLineSources(text()));
  }
  return sources;
}

/** The major version of a Debian package version: `22.3.6-1+deb12u2` → 22, `1:25.0.7-2~bpo12+1` → 25. */
export function majorVersion(version: string): number | undefined {
  const major = /^(?:\d+:)?(\d+)/.exec(version)?.[1];
  return major === undefined ? undefined : Number(major);
}

type Log = (line: string) => void;

/**
 * Installs lavapipe of Mesa 23 or newer with apt: the distribution's own package where that is new enough,
 * else the one of its backports suite. Returns the installed package version.
 *
 * The backports entry is not left on the machine: apt reads it, beside the distribution's own entries, from a
 * temporary file, so `/etc/apt` stays as it was. `apt-get purge mesa-vulkan-drivers` takes the drivers away again;
 * other Mesa and libdrm packages that had to be upgraded along with them stay upgraded.
 *
 * @throws JobError `install-failed` with apt's own words; nothing is half installed unless it says so.
 */
export async function installLavapipe(log: Log): Promise<string> {
  const obstacle = whyNotInstallable();
  if (obstacle) throw new JobError('install-failed', `lavapipe cannot be installed here: ${obstacle}`);
  const { codename } = parseOsRelease(readFileSync('/etc/os-release', 'utf8'))!;
  const sources = readAptSources();
  const folder = mkdtempSync(join(tmpdir(), 'archc-apt-'));
  try {
    const file = join(folder, 'archc.sources');
    const apt = (args: readonly string[], seconds: number) =>
      run('apt-get', [...aptOptions(file), ...args], seconds);
    const own = distributionSources(sources, codename);
    if (own.length === 0)
      throw new JobError('install-failed', `apt has no source for the release "${codename}" in /etc/apt`);

    writeFileSync(file, formatDeb822Sources(own));
    log(`reading the package lists of ${codename} ...`);
    await apt(['update'], limits.update);
    let version = await candidate(file, []);
    let target: string[] = [];
    if ((majorVersion(version) ?? 0) < oldestMesa) {
      const backports = `${codename}-backports`;
      log(`Mesa ${version} of ${codename} is too old for Dawn; looking into ${backports} ...`);
      writeFileSync(file, formatDeb822Sources([...own, ...backportsSources(sources, codename)]));
      await apt(['update'], limits.update);
      target = ['-t', backports];
      version = await candidate(file, target);
      if ((majorVersion(version) ?? 0) < oldestMesa)
        throw new JobError(
          'install-failed',
          `the newest ${driverPackage} of ${codename} and ${backports} is ${version}; Dawn needs ${oldestMesa} or newer`,
        );
    }
    log(`installing lavapipe (${driverPackage} ${version}) ...`);
    const install = ['install', '--yes', '--no-install-recommends', ...target, ...packages];
    // Two steps, since a download may be cut off safely and unpacking may not.
    await apt([...install, '--download-only'], limits.download);
    await apt([...install, '--no-download'], limits.unpack);
    return version;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Makes apt read only `file`, keep the lists of the sources that are not in it, and give up on dead networks. */
function aptOptions(file: string): string[] {
  return [
    `Dir::Etc::sourcelist=${file}`,
    'Dir::Etc::sourceparts=-',
    'APT::Get::List-Cleanup=false',
    'APT::Keep-Downloaded-Packages=true',
    // Otherwise apt-get update reports success when it has read nothing.
    'APT::Update::Error-Mode=any',
    'Acquire::Retries=2',
    'Acquire::http::Timeout=20',
    'Acquire::https::Timeout=20',
    'DPkg::Lock::Timeout=60',
    'Dpkg::Use-Pty=false',
  ].flatMap((option) => ['-o', option]);
}

/** The version of the driver package that apt would install; `none` if it knows no such package. */
async function candidate(file: string, target: readonly string[]): Promise<string> {
  const policy = await run(
    'apt-cache',
    [...aptOptions(file), ...target, 'policy', driverPackage],
    limits.query,
  );
  return /^\s*Candidate:\s*(\S+)/m.exec(policy)?.[1].replace(/^\(none\)$/, 'none') ?? 'none';
}

function run(command: string, args: readonly string[], seconds: number): Promise<string> {
  // The locale is fixed since the output is parsed; debconf and needrestart must not ask.
  const env = { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_MODE: 'a' };
  return new Promise((resolve, reject) => {
    execFile(
      command,
      args,
      { env, timeout: seconds * 1000, maxBuffer: 64 << 20 },
      (error, stdout, stderr) => {
        if (!error) return resolve(stdout);
        const said = stderr.trim().split('\n').slice(-4).join('; ');
        const what = error.killed
          ? `took longer than ${seconds} s and was stopped`
          : `failed (${said || error.message})`;
        const verb = args.find((arg) => /^(update|install|policy)$/.test(arg));
        reject(new JobError('install-failed', `${command} ${verb} ${what}`));
      },
    );
  });
}
