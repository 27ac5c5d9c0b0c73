import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cacheFolder } from './npm-chromium.ts';
import { unpackSwiftShader, whyNoSwiftShader } from './swiftshader.ts';

it('keeps to the cache folder of the user', () => {
  expect(cacheFolder({ HOME: '/h', XDG_CACHE_HOME: '/c' })).toBe('/c/archc');
  expect(cacheFolder({ HOME: '/h' })).toBe('/h/.cache/archc');
  expect(cacheFolder({ HOME: '/h', XDG_CACHE_HOME: 'relative' })).toBe('/h/.cache/archc');
});

it('knows the platforms that it is made for', () => {
  expect(whyNoSwiftShader('linux', 'x64')).toBeUndefined();
  expect(whyNoSwiftShader('linux', 'arm64')).toMatch(/Linux x64 only, and this is linux arm64/);
  expect(whyNoSwiftShader('darwin', 'x64')).toMatch(/darwin x64/);
});

describe('unpackSwiftShader', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'archc-swiftshader-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it.runIf(!whyNoSwiftShader())('unpacks once, also when asked for at the same time', async () => {
    const [one, two] = await Promise.all([unpackSwiftShader(folder), unpackSwiftShader(folder)]);
    expect(one).toEqual(two);
    const home = dirname(one.manifest);
    expect(readdirSync(folder)).toEqual([`swiftshader-${one.version}`]);
    expect(readdirSync(home).sort()).toEqual([
      'libvk_swiftshader.so',
      'libvulkan.so.1',
      'vk_swiftshader_icd.json',
    ]);
    expect(statSync(one.loader).uid).toBe(process.getuid?.());
    expect(JSON.parse(readFileSync(one.manifest, 'utf8')).ICD.library_path).toBe('./libvk_swiftshader.so');
    const before = statSync(one.loader).mtimeMs;
    await unpackSwiftShader(folder);
    expect(statSync(one.loader).mtimeMs).toBe(before);
  });

  it.runIf(!whyNoSwiftShader())('repairs what is damaged', async () => {
    const { loader } = await unpackSwiftShader(folder);
    const size = statSync(loader).size;
    rmSync(loader);
    await unpackSwiftShader(folder);
    expect(statSync(loader).size).toBe(size);
  });

  it.runIf(!whyNoSwiftShader())('says what to try if the cache cannot be written', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    await expect(unpackSwiftShader(join(file, 'archc'))).rejects.toMatchObject({
      code: 'no-swiftshader',
      hint: expect.stringMatching(/XDG_CACHE_HOME/),
    });
  });
});
