import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { cacheFolder, openNpmChromium, unpackOnce } from '../../src/adapter/npm-chromium.ts';

/** Where WebGPU is: on SwiftShader, which comes with Chromium and is found beside it, whatever the machine has. */
const flags = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];

/**
 * A headless Chromium with WebGPU, on any Linux x64: the one of the npm package whose SwiftShader `src/adapter` uses,
 * with the libraries that come with it. On other systems `ARCHC_CHROMIUM` names a Chromium.
 */
export async function launchChromium(): Promise<Browser> {
  const own = process.env['ARCHC_CHROMIUM'];
  if (own) return chromium.launch({ executablePath: own, args: flags });
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`no Chromium for ${process.platform} ${process.arch}: ARCHC_CHROMIUM is to name one`);
  }
  const home = await unpackChromium();
  return chromium.launch({
    executablePath: join(home, 'chromium'),
    args: flags,
    chromiumSandbox: false,
    env: { ...process.env, LD_LIBRARY_PATH: join(home, 'lib') },
  });
}

/** Unpacks Chromium, once a package version: 200 MB, in about three seconds. */
async function unpackChromium(): Promise<string> {
  const { version, read, extract } = openNpmChromium();
  const home = join(cacheFolder(), `chromium-${version}`);
  await unpackOnce(home, ['chromium', 'lib', 'libvk_swiftshader.so'], async (folder) => {
    for (const archive of ['al2023', 'swiftshader']) await extract(`${archive}.tar.br`, folder);
    const executable = join(folder, 'chromium');
    writeFileSync(executable, read('chromium.br'));
    chmodSync(executable, 0o755);
  });
  return home;
}
