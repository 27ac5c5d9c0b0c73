import { join } from 'node:path';
import { JobError } from '../errors.ts';
import { cacheFolder, npmPackage, openNpmChromium, unpackOnce } from './npm-chromium.ts';

/** SwiftShader, unpacked: a software Vulkan that needs neither root nor anything else installed. */
export type SwiftShader = {
  /** Version of the npm package that it came from. */
  readonly version: string;
  /** Path of its Vulkan driver manifest. */
  readonly manifest: string;
  /** Path of the Vulkan loader (`libvulkan.so.1`) that came with it. */
  readonly loader: string;
};

/** What is taken from the archive; it also holds OpenGL libraries, which Dawn does not need. */
const wanted = {
  manifest: 'vk_swiftshader_icd.json',
  library: 'libvk_swiftshader.so',
  loader: 'libvulkan.so.1',
};

/** Why SwiftShader cannot be used here, or undefined if it can. */
export function whyNoSwiftShader(
  platform: string = process.platform,
  arch: string = process.arch,
): string | undefined {
  if (platform === 'linux' && arch === 'x64') return undefined;
  return `${npmPackage} holds SwiftShader for Linux x64 only, and this is ${platform} ${arch}`;
}

/**
 * Unpacks SwiftShader from the installed npm package into `folder`, once a package version.
 *
 * @throws JobError `no-swiftshader` on other platforms, or if the package is missing or not as expected.
 */
export async function unpackSwiftShader(folder = cacheFolder()): Promise<SwiftShader> {
  const obstacle = whyNoSwiftShader();
  if (obstacle) throw new JobError('no-swiftshader', obstacle);
  const { version, extract } = openNpmChromium();
  const home = join(folder, `swiftshader-${version}`);
  const files = Object.values(wanted);
  try {
    await unpackOnce(home, files, (into) => extract('swiftshader.tar.br', into, files));
  } catch (error) {
    throw new JobError(
      'no-swiftshader',
      `SwiftShader could not be unpacked from ${npmPackage} ${version} to ${home}: ${(error as Error).message}`,
      'set XDG_CACHE_HOME to a folder that can be written to, or install the package again',
    );
  }
  return { version, manifest: join(home, wanted.manifest), loader: join(home, wanted.loader) };
}
