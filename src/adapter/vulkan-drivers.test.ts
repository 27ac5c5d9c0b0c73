import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  driverFolders,
  installedDrivers,
  mesaVersion,
  readDriver,
  visibleDrivers,
} from './vulkan-drivers.ts';

const root = mkdtempSync(join(tmpdir(), 'archc-icd-'));
const folder = join(root, 'share/vulkan/icd.d');
mkdirSync(folder, { recursive: true });
afterAll(() => rmSync(root, { recursive: true }));

function manifest(name: string, library: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify({ file_format_version: '1.0.0', ICD: { library_path: library } }));
  return path;
}

const lavapipe = manifest('lvp_icd.json', 'libvulkan_lvp.so');
const swiftshader = manifest('ss_icd.json', './libvk_swiftshader.so');
const radeon = manifest('radeon_icd.json', '/opt/libvulkan_radeon.so');
manifest('no-library.json', 3);
writeFileSync(join(folder, 'broken.json'), '{');
writeFileSync(join(folder, 'readme.txt'), '');

const env = { HOME: root, XDG_DATA_DIRS: join(root, 'share'), XDG_CONFIG_DIRS: root };

describe('Vulkan drivers', () => {
  it('tells drivers by their libraries', () => {
    expect(readDriver(lavapipe)).toEqual({
      manifest: lavapipe,
      library: 'libvulkan_lvp.so',
      kind: 'lavapipe',
    });
    const library = join(folder, 'libvk_swiftshader.so');
    expect(readDriver(swiftshader)).toEqual({ manifest: swiftshader, library, kind: 'swiftshader' });
    expect(readDriver(radeon)?.kind).toBe('hardware');
  });

  it('finds the installed ones and skips what is no manifest', () => {
    const ours = installedDrivers(env).filter((driver) => driver.manifest.startsWith(root));
    expect(ours.map((driver) => driver.manifest)).toEqual([lavapipe, radeon, swiftshader]);
  });

  it('looks where the loader looks', () => {
    expect(driverFolders({ HOME: '/h', XDG_DATA_DIRS: '/a:/b' })).toEqual([
      '/h/.config/vulkan/icd.d',
      '/etc/xdg/vulkan/icd.d',
      '/usr/local/etc/vulkan/icd.d',
      '/etc/vulkan/icd.d',
      '/h/.local/share/vulkan/icd.d',
      '/a/vulkan/icd.d',
      '/b/vulkan/icd.d',
    ]);
  });

  it('obeys VK_DRIVER_FILES before VK_ICD_FILENAMES before the folders', () => {
    const seen = (more: Record<string, string>) =>
      visibleDrivers({ ...env, ...more }).map((driver) => driver.manifest);
    expect(seen({ VK_ICD_FILENAMES: radeon })).toEqual([radeon]);
    expect(seen({ VK_ICD_FILENAMES: radeon, VK_DRIVER_FILES: `${swiftshader}:/nowhere.json` })).toEqual([
      swiftshader,
    ]);
    expect(seen({ VK_DRIVER_FILES: folder })).toEqual([lavapipe, radeon, swiftshader]);
    expect(seen({ VK_ADD_DRIVER_FILES: radeon })[0]).toBe(radeon);
  });

  it('reads the Mesa version out of the library', () => {
    const library = join(root, 'libvulkan_lvp.so');
    writeFileSync(
      library,
      Buffer.from('\0\x80ELF\0Mesa 22.3.6-1+deb12u2 (LLVM 15.0.6)\0Mesa: a message\0', 'latin1'),
    );
    const driver = { manifest: '', library, kind: 'lavapipe' } as const;
    expect(mesaVersion(driver)).toBe('22.3.6-1+deb12u2');
    expect(mesaVersion({ ...driver, library: join(root, 'gone.so') })).toBeUndefined();
  });
});
