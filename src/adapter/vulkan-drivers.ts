import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path';

/** A Vulkan driver ("installable client driver", ICD) as its manifest declares it. */
export type VulkanDriver = {
  /** Path of the manifest, e.g. `/usr/share/vulkan/icd.d/lvp_icd.json`. */
  readonly manifest: string;
  /** Path of the driver's library; a bare file name where the dynamic linker searches for it. */
  readonly library: string;
  readonly kind: 'lavapipe' | 'swiftshader' | 'hardware';
};

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The folders in which the Vulkan loader looks for manifests on Linux, in its order
 * (Khronos, "Architecture of the Vulkan Loader Interfaces", Driver Discovery on Linux).
 */
export function driverFolders(env: Environment): string[] {
  const home = env['HOME'] || homedir();
  const list = (name: string, otherwise: string) => (env[name] || otherwise).split(delimiter);
  const roots = [
    env['XDG_CONFIG_HOME'] || join(home, '.config'),
    ...list('XDG_CONFIG_DIRS', '/etc/xdg'),
    '/usr/local/etc',
    '/etc',
    env['XDG_DATA_HOME'] || join(home, '.local/share'),
    ...list('XDG_DATA_DIRS', '/usr/local/share:/usr/share'),
  ];
  return [...new Set(roots.filter((root) => root !== '').map((root) => join(root, 'vulkan/icd.d')))];
}

/** The driver that a manifest declares, or undefined if it is no manifest (the loader skips such files, too). */
export function readDriver(manifest: string): VulkanDriver | undefined {
  let declared: unknown;
  try {
    declared = JSON.parse(readFileSync(manifest, 'utf8'));
  } catch {
    return undefined;
  }
  const path = (declared as { ICD?: { library_path?: unknown } } | null)?.ICD?.library_path;
  if (typeof path !== 'string' || path === '') return undefined;
  // A path with a slash is relative to the manifest, a bare name is the dynamic linker's to find.
  const library = isAbsolute(path) || !path.includes('/') ? path : resolve(dirname(manifest), path);
  const kind = /libvulkan_lvp\./.test(library)
    ? 'lavapipe'
    : /libvk_swiftshader\./.test(library)
      ? 'swiftshader'
      : 'hardware';
  return { manifest, library, kind };
}

function manifestsIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return names.sort().map((name) => join(folder, name));
}

/** The drivers in the standard folders, whatever the environment selects among them. */
export function installedDrivers(env: Environment = process.env): VulkanDriver[] {
  return driverFolders(env)
    .flatMap(manifestsIn)
    .flatMap((path) => readDriver(path) ?? []);
}

/**
 * The drivers that the Vulkan loader would offer under `env`: those of `VK_DRIVER_FILES` (or of its older name
 * `VK_ICD_FILENAMES`) if set, which may name files and folders; else the installed ones.
 */
export function visibleDrivers(env: Environment = process.env): VulkanDriver[] {
  const files = (text: string): VulkanDriver[] =>
    text
      .split(delimiter)
      .filter((path) => path !== '' && existsSync(path))
      .flatMap((path) => (statSync(path).isDirectory() ? manifestsIn(path) : [path]))
      .flatMap((path) => readDriver(path) ?? []);
  const only = env['VK_DRIVER_FILES'] || env['VK_ICD_FILENAMES'];
  if (only) return files(only);
  return [...files(env['VK_ADD_DRIVER_FILES'] ?? ''), ...installedDrivers(env)];
}

/** Where the dynamic linker of Debian, Fedora and their kin finds a bare library name. */
function libraryFolders(): string[] {
  const triplet = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
  return ['/usr/local/lib', `/usr/lib/${triplet}`, `/lib/${triplet}`, '/usr/lib64', '/usr/lib'];
}

/**
 * The Mesa version of a lavapipe library, e.g. `25.0.7-2~bpo12+1`, read from the text that the library reports
 * as its driver info; undefined if the library is missing or says nothing. Works without Dawn, which refuses
 * an old lavapipe without telling its version.
 */
export function mesaVersion(driver: VulkanDriver): string | undefined {
  const paths = isAbsolute(driver.library)
    ? [driver.library]
    : libraryFolders().map((folder) => join(folder, driver.library));
  const path = paths.find((candidate) => existsSync(candidate));
  if (path === undefined) return undefined;
  return /Mesa (\d+\.\d+\.\d+[\w.~+-]*)/.exec(readFileSync(path, 'latin1'))?.[1];
}
