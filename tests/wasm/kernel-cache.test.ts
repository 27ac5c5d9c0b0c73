import { spawn } from 'node:child_process';
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { compileModel } from '../../src/compiler/compile.ts';
import { kernelCacheIn } from '../../src/files/kernel-cache.ts';
import { openModel } from '../../src/files/open.ts';
import { translatorDigest, translatorFiles, translatorVersion } from '../../src/files/translator-version.ts';
import { namedTarget } from '../../src/kernels/targets.ts';
import { compileKernel } from '../../src/wasm/compile/kernel.ts';
import { compileProgram } from '../../src/wasm/compile-program.ts';
import { TINY } from '../cli/tiny.ts';

const options = { bounds: 'trusted', relaxed: false } as const;
const kernel = (k: number) => `
@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3<u32>) { y[group.x] = ${k}.5f; }`;

const range = (n: number) => Array.from({ length: n }, (_, k) => k);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'archc-kernels-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A cache of its own over the folder, and how many kernels had to be made. */
function counted(most?: number) {
  const cache = kernelCacheIn(folder, most);
  let made = 0;
  const counting: typeof cache = (wgsl, how, compile) =>
    cache(wgsl, how, () => {
      made++;
      return compile();
    });
  return { counting, made: () => made };
}

/** The kernels compiled through such a cache. */
function through(numbers: readonly number[], most?: number) {
  const { counting, made } = counted(most);
  const kernels = numbers.map((k) => compileKernel(`k${k}`, kernel(k), options, counting));
  return { kernels, made, counting };
}

describe('a cache of kernels', () => {
  test('gives the same kernel without compiling it, by another name', () => {
    const first = through([1, 2]);
    expect(first.made()).toBe(2);
    expect(first.kernels[0]).toEqual(compileKernel('k1', kernel(1), options));
    const second = through([1, 2]);
    expect(second.made()).toBe(0);
    expect(second.kernels).toEqual(first.kernels);
    expect(compileKernel('other', kernel(1), options, second.counting)).toEqual({
      ...first.kernels[0],
      name: 'other',
    });
    expect(second.made()).toBe(0);
  });

  test('tells texts and options apart', () => {
    const { counting, made } = through([1]);
    compileKernel('k', `${kernel(1)}\n`, options, counting);
    compileKernel('k', kernel(1), { ...options, relaxed: true }, counting);
    compileKernel('k', kernel(1), { ...options, bounds: 'clamp' }, counting);
    expect(made()).toBe(4);
  });

  test('makes anew what is damaged', () => {
    through([1]);
    const path = join(folder, readdirSync(folder)[0]);
    const whole = readFileSync(path);
    const damaged = [
      Buffer.alloc(0),
      whole.subarray(0, 40),
      whole.subarray(0, whole.length - 1),
      Buffer.concat([whole, Buffer.from([0])]),
      ...[0, 31, 32, 60, whole.length - 1].map((at) => {
        const copy = Buffer.from(whole);
        copy[at] ^= 1;
        return copy;
      }),
    ];
    for (const bytes of damaged) {
      writeFileSync(path, bytes);
      const { kernels, made } = through([1]);
      expect(made()).toBe(1);
      expect(kernels[0]).toEqual(compileKernel('k1', kernel(1), options));
      expect(readFileSync(path)).toEqual(whole);
    }
    // The entry of another kernel in its place.
    through([2]);
    const other = readdirSync(folder).find((name) => join(folder, name) !== path)!;
    cpSync(join(folder, other), path);
    expect(through([1]).made()).toBe(1);
  });

  test('keeps to its size: what was not used for longest goes', () => {
    through([1, 2, 3, 4, 5, 6, 7, 8]);
    const size = statSync(join(folder, readdirSync(folder)[0])).size;
    const old = Date.now() / 1000 - 10 * 24 * 3600;
    for (const name of readdirSync(folder)) utimesSync(join(folder, name), old, old);
    writeFileSync(join(folder, 'x.1-2'), 'left by a process that was killed');
    utimesSync(join(folder, 'x.1-2'), old, old);
    // Used now, so kept.
    expect(through([3], 8 * size).made()).toBe(0);
    expect(through([9], 8 * size).made()).toBe(1);
    const bytes = readdirSync(folder).reduce((n, name) => n + statSync(join(folder, name)).size, 0);
    expect(bytes).toBeLessThanOrEqual(6 * size);
    expect(readdirSync(folder)).not.toContain('x.1-2');
    expect(through([3, 9]).made()).toBe(0);
    expect(through([1, 2, 4, 5, 6, 7, 8]).made()).toBeGreaterThan(0);
  });

  test('compiles where nothing can be kept', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const cache = kernelCacheIn(join(file, 'kernels'));
    expect(compileKernel('k1', kernel(1), options, cache)).toEqual(compileKernel('k1', kernel(1), options));
  });

  test('is filled and read by several processes at once', async () => {
    const path = (name: string) => pathToFileURL(name).href;
    const script = `
      import { kernelCacheIn } from '${path('src/files/kernel-cache.ts')}';
      import { compileKernel } from '${path('src/wasm/compile/kernel.ts')}';
      const options = { bounds: 'trusted', relaxed: false };
      const cache = kernelCacheIn(${JSON.stringify(folder)}, 10000);
      for (let round = 0; round < 3; round++) for (const wgsl of ${JSON.stringify(range(20).map(kernel))}) {
        const kept = compileKernel('k', wgsl, options, cache);
        const made = compileKernel('k', wgsl, options);
        if (Buffer.compare(kept.code, made.code) !== 0) throw new Error('not the same');
      }`;
    const ends = [0, 1, 2].map(
      () =>
        new Promise((resolve) => {
          const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
            stdio: ['ignore', 'ignore', 'inherit'],
          });
          child.on('exit', resolve);
        }),
    );
    expect(await Promise.all(ends)).toEqual([0, 0, 0]);
    expect(readdirSync(folder).filter((name) => name.includes('.'))).toEqual([]);
  });
});

describe('programs', () => {
  const model = openModel(TINY);
  const { program, modules } = compileModel(model, undefined, { target: namedTarget('cpu') });
  const { plain, relaxed, scratchBytes } = modules!;

  test('have two modules of kernels that are read once, as if each were made alone', () => {
    const [first, second] = [false, true].map((relaxed) => compileProgram(program, { ...options, relaxed }));
    expect([plain, relaxed]).toEqual([first.bytes, second.bytes]);
    expect(Buffer.compare(plain, relaxed)).not.toBe(0);
    expect(scratchBytes).toBe(Math.max(first.scratchBytes, second.scratchBytes));
  });

  test('take their kernels from a cache, where the CPU device finds and leaves them, too', () => {
    const through = () => {
      const { counting, made } = counted();
      const plan = { target: namedTarget('cpu'), kernelCache: counting };
      return { modules: compileModel(model, undefined, plan).modules, made: made() };
    };
    compileProgram(program, { ...options, relaxed: true }, counted().counting);
    expect(through()).toEqual({ modules, made: program.kernels.length });
    expect(through()).toEqual({ modules, made: 0 });
  });
});

describe("the translator's version", () => {
  const digestOf = (src: string) => translatorDigest(pathToFileURL(`${src}/`));

  test('changes with each of its sources, and with nothing else', () => {
    const copy = join(folder, 'src');
    cpSync('src', copy, { recursive: true });
    expect(digestOf(copy)).toBe(translatorVersion());
    for (const name of ['wasm/interpret/values.ts', 'wasm/compile/new.test.ts', 'errors.ts']) {
      writeFileSync(join(copy, name), '// other');
      expect(digestOf(copy)).toBe(translatorVersion());
    }
    const seen = new Set([translatorVersion()]);
    const names = [...translatorFiles(pathToFileURL(`${copy}/`)), 'wasm/compile/new.ts'];
    for (const name of names) {
      writeFileSync(join(copy, name), '// other');
      seen.add(digestOf(copy));
    }
    expect(seen.size).toBe(names.length + 1);
  });

  test('covers all that decides which bytes are made', () => {
    const src = pathToFileURL(`${process.cwd()}/src/`);
    const files = translatorFiles(src);
    expect(files).toContain('wasm/compile/kernel.ts');
    for (const path of files) {
      const text = readFileSync(new URL(path, src), 'utf8');
      const imports = [...text.matchAll(/from '([^']+)'/g)].map(([, to]) => new URL(to, new URL(path, src)));
      for (const { href } of imports) expect(files, path).toContain(href.slice(src.href.length));
    }
  });

  test('is a constant in builds', async () => {
    const { translatorVersion: plugin } = (await import(
      pathToFileURL('bin/translator-version.mjs').href
    )) as { translatorVersion: (checkout: string) => Plugin };
    const how: BuildOptions = {
      entryPoints: ['src/files/translator-version.ts'],
      bundle: true,
      write: false,
      format: 'esm',
      plugins: [plugin(process.cwd())],
    };
    const { outputFiles } = await build(how);
    expect(outputFiles![0].text).toContain(translatorVersion());
    expect(outputFiles![0].text).not.toContain('node:fs');
  });
});
