import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { expectNoStack, type Result, temporaryFolder } from '../cli/archc.ts';
import { TINY, writeDataset, writeTinyPlan } from '../cli/tiny.ts';
import { softwareVulkan } from '../wgpu/wgpu.ts';

/** A folder of somebody who has installed the package, with nothing of the checkout. */
const home = realpathSync(temporaryFolder());
const at = (...parts: string[]) => join(home, ...parts);
const MEGABYTE = 1e6;

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}
let packed: Packed;

const options = { cwd: home, encoding: 'utf8', shell: process.platform === 'win32' } as const;

beforeAll(() => {
  const pack = ['run', '--silent', 'package', '--', '--json', '--pack-destination', home];
  [packed] = JSON.parse(execFileSync('npm', pack, { ...options, cwd: '.', stdio: 'pipe' })) as [Packed];
  writeFileSync(at('package.json'), '{ "private": true, "type": "module" }');
  // The packages of the registry are taken from npm's cache where it has them.
  const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', at(packed.filename)];
  execFileSync('npm', install, { ...options, stdio: 'pipe' });
  writeDataset(at('data'));
  cpSync(TINY, at('mine.arch'));
}, 300_000);

function run(command: string, args: readonly string[], env: Record<string, string> = {}): Result {
  const { status, stdout, stderr } = spawnSync(command, args, {
    ...options,
    env: { ...process.env, ...env },
  });
  return { code: status ?? -1, stdout, stderr };
}

const archc = (...args: string[]) => run(at('node_modules/.bin/archc'), args);

function bytesBelow(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => statSync(join(folder, name)))
    .reduce((n, stats) => n + (stats.isFile() ? stats.size : 0), 0);
}

test('it is small, holds what it needs and nothing else', () => {
  expect(packed.size).toBeLessThan(3 * MEGABYTE);
  expect(bytesBelow(at('node_modules'))).toBeLessThan(150 * MEGABYTE);
  const top = new Set(packed.files.map(({ path }) => path.split('/')[0]));
  const wanted = ['LICENSE', 'README.md', 'bin', 'dist', 'docs', 'package.json', 'specs'];
  expect([...top].sort()).toEqual(wanted);
  for (const { path } of packed.files)
    expect(path).not.toMatch(/\.test\.|(?<!\.d)\.ts$|\.(png|svg)$|sources-/);
  const { dependencies } = JSON.parse(readFileSync(at('node_modules/archc/package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  // What it bundles is not installed a second time.
  expect(Object.keys(dependencies)).toEqual(['@webgpu/types', 'webgpu']);
  const notices = readFileSync(at('node_modules/archc/dist/THIRD-PARTY-LICENSES.txt'), 'utf8');
  for (const name of ['chevrotain', 'echarts', 'fflate', 'handlebars'])
    expect(notices).toContain(`\n${name} `);
});

test('the checkout itself, whose dependencies it bundles, is not packed', () => {
  const { code, stderr } = run('npm', ['pack', '--dry-run', resolve('.')]);
  expect([code, stderr]).toEqual([2, expect.stringContaining('= try: npm run package')]);
});

test('nothing in it names the machine that made it', () => {
  for (const { path } of packed.files) {
    const text = readFileSync(at('node_modules/archc', path), 'utf8');
    expect(text.includes(resolve('.')), path).toBe(false);
  }
});

test('commands check, train, predict and compile', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  expect(archc('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  expect(archc('check', 'swin-umamba').stdout).toBe('swin-umamba: no mistakes\n');
  expect(archc('check', 'mine.arch:Tiny')).toMatchObject({ code: 0, stderr: '' });
  const trained = archc(
    'train',
    'mine.arch:Tiny',
    '--data',
    'data',
    '--output',
    'run',
    '--steps',
    '3',
    '--test',
  );
  expect(trained.code, trained.stderr).toBe(0);
  expect(readdirSync(at('run'))).toEqual(expect.arrayContaining(['loss.svg', 'weights.safetensors']));
  const weights = ['--weights', 'run/weights.safetensors'];
  const predicted = archc(
    'predict',
    'mine.arch',
    ...weights,
    '--input',
    'data/imagesTs',
    '--output',
    'labels',
  );
  expect(predicted.code, predicted.stderr).toBe(0);
  expect(readdirSync(at('labels'))).toEqual(readdirSync(at('data/labelsTs')));
  const compiled = archc('compile', 'mine.arch:Tiny', ...weights, '--output', 'build/mine');
  expect(compiled.code, compiled.stderr).toBe(0);
  expect(readdirSync(at('build/mine'))).toContain('program.json');
}, 300_000);

test('it trains on preprocessed cases, whose batches threads make', () => {
  writeTinyPlan(at('plan.json'), at('data'));
  const made = archc('data', 'preprocess', 'data', '--output', 'cache', '--plan', 'plan.json');
  expect(made.code, made.stderr).toBe(0);
  const runs = ['0', '2'].map((workers) => {
    const more = ['--workers', workers, '--output', `cached-${workers}`];
    const trained = archc('train', 'mine.arch:Tiny', '--data', 'cache', '--steps', '3', ...more);
    expect(trained.code, trained.stderr).toBe(0);
    return readFileSync(at(`cached-${workers}`, 'weights.safetensors'));
  });
  expect(runs[1]).toEqual(runs[0]);
});

test('a mistake is shown as in a checkout', () => {
  writeFileSync(
    at('wrong.arch'),
    'model Wrong {\n  input x: [B, 3, 8, 8]\n  output y: [B, 3, 8, 8] = z\n}\n',
  );
  const wrong = archc('check', 'wrong.arch');
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toMatch(/wrong\.arch:3:28/);
  expectNoStack(wrong);
});

test('without any adapter there is the CPU, and whoever wants WebGPU is told what to install', () => {
  const nowhere = { VK_DRIVER_FILES: at('none.json'), ARCHC_ADAPTER: 'auto' };
  const predict = [
    'predict',
    'mine.arch',
    '--weights',
    'run/weights.safetensors',
    '--input',
    'data/imagesTs',
  ];
  const bin = at('node_modules/.bin/archc');
  const found = run(bin, [...predict, '--output', 'on-cpu', '--json'], nowhere);
  expect(found.code, found.stderr).toBe(0);
  expect(JSON.parse(found.stdout)).toMatchObject({ backend: expect.stringMatching(/^CPU, \d+ threads?, /) });
  const missing = run(bin, [...predict, '--output', 'no', '--backend', 'webgpu'], nowhere);
  expect(missing.code).toBe(1);
  expect(missing.stderr).toMatch(/error\[no-adapter\]: no WebGPU adapter: /);
  expect(missing.stderr).toMatch(/= try: install a .*driver.*archc doctor/);
  const doctor = run(bin, ['doctor'], nowhere);
  expect([doctor.code, doctor.stdout]).toEqual([
    0,
    expect.stringMatching(/^CPU {7}\d+ threads?, SIMD.*\n(.*\n)*adapter {3}none/m),
  ]);
});

test('the CPU needs no package of WebGPU; whoever asks for that is told', () => {
  const input = ['--weights', 'run/weights.safetensors', '--input', 'data/imagesTs', '--output', 'without'];
  renameSync(at('node_modules/webgpu'), at('away'));
  try {
    const found = archc('predict', 'mine.arch', ...input);
    expect(found.code, found.stderr).toBe(0);
    const missing = archc('predict', 'mine.arch', ...input, '--adapter', 'gpu');
    expect(missing.code).toBe(1);
    expect(missing.stderr).toMatch(/error\[no-adapter\]: .*Dawn \(npm package webgpu\) does not load/);
  } finally {
    renameSync(at('away'), at('node_modules/webgpu'));
  }
});

test.runIf(process.platform === 'linux' && process.arch === 'x64')(
  'SwiftShader, which is optional, is named with how to install it',
  () => {
    const { peerDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      peerDependencies: Record<string, string>;
    };
    const install = `npm install @sparticuz/chromium@${peerDependencies['@sparticuz/chromium']}`;
    const bin = at('node_modules/.bin/archc');
    const input = ['--weights', 'run/weights.safetensors', '--input', 'data/imagesTs', '--output', 'no'];
    const asked = run(bin, ['predict', 'mine.arch:Tiny', ...input, '--adapter', 'swiftshader']);
    expect(asked.code).toBe(1);
    expect(asked.stderr).toContain('@sparticuz/chromium, which holds SwiftShader, is not installed');
    expect(asked.stderr).toContain(`= try: ${install}`);
    expect(run(bin, ['doctor'], { VK_DRIVER_FILES: at('none.json') }).stdout).toContain(`= try: ${install}`);
  },
);

/** The programs that a page of the documentation shows. */
const shown = (page: string) =>
  [...readFileSync(page, 'utf8').matchAll(/^```js\n(.*?)^```/gms)].map(([, program]) => program);

test('the programs of docs/api.md run', () => {
  mkdirSync(at('build'), { recursive: true });
  const size = ['--set', 'size=<64, 64>', '--set', 'features=<32, 64, 128>'];
  expect(archc('compile', 'nnunet', '--output', 'build/nnunet', ...size).code).toBe(0);
  const programs = shown('docs/api.md');
  expect(programs).toHaveLength(3);
  programs.forEach((program, i) => {
    writeFileSync(at(`program${i}.js`), program);
    const { code, stdout, stderr } = run(process.execPath, [`program${i}.js`]);
    expect(code, stderr).toBe(0);
    // 14 classes at 64×64.
    expect(stdout).toMatch(/^\S+: 57344 values$/m);
  });
}, 120_000);

test('the program of docs/programs.md predicts and trains with the folder of a program and the runtime alone', async () => {
  const size = '--set size=<64,64> --set features=<8,16,32> --set classes=2'.split(' ');
  const compiled = archc('compile', 'nnunet', '--output', 'net', '--batch', '2', ...size);
  expect(compiled.code, compiled.stderr).toBe(0);
  const programs = shown('docs/programs.md');
  expect(programs).toHaveLength(2);
  expect(programs[0]).not.toMatch(/from 'archc'/);
  writeFileSync(at('alone.js'), programs[0]);
  const { code, stdout, stderr } = run(process.execPath, ['alone.js'], await softwareVulkan());
  expect(code, stderr).toBe(0);
  const losses = [...stdout.matchAll(/^step \d+: loss (\S+)$/gm)].map(([, loss]) => Number(loss));
  expect(losses).toHaveLength(20);
  expect(losses[19]).toBeLessThan(losses[0]);
  expect(stdout).toMatch(/^logits\.0: \[2,2,64,64\]$/m);
  const trained = ['--weights', 'trained.safetensors', '--output', 'again'];
  expect(archc('compile', 'nnunet', ...trained, ...size).code).toBe(0);
}, 120_000);

test('the second program of docs/programs.md segments a picture with the folder of a program and the runtime alone', () => {
  const target = ['--target', 'cpu', '--inference', '--batch', '4'];
  const compiled = archc('compile', 'run', '--output', 'segmenter', ...target);
  expect(compiled.code, compiled.stderr).toBe(0);
  writeFileSync(at('segments.js'), shown('docs/programs.md')[1]);
  const { code, stdout, stderr } = run(process.execPath, ['segments.js']);
  expect(code, stderr).toBe(0);
  const counts = [...stdout.matchAll(/^(\w+): (\d+) pixels$/gm)];
  expect(counts.map(([, name]) => name)).toEqual(['background', 'disc', 'rim']);
  expect(counts.reduce((sum, [, , n]) => sum + Number(n), 0)).toBe(90 * 120);
}, 120_000);

test('types: a program that uses all entries compiles, and a wrong use does not', () => {
  const program = `
    import { check, openModel, openSpec, ops, SpecError, type Diagnostic, type ElaboratedModel } from 'archc';
    import { compileSpec, loadSpec, memoryFiles, programFiles } from 'archc/compiler';
    import { openProgram, WebgpuSession, type Program, type Session } from 'archc/runtime';
    const model: ElaboratedModel = openModel('nnunet', { set: { in_channels: '4' }, batch: 2 });
    export const shapes: readonly (readonly number[])[] = model.inputs.map((input) => input.shape);
    export const mistakes: readonly Diagnostic[] = check(openSpec('nnunet').loaded, ops);
    export const isSpec = (error: unknown): boolean => error instanceof SpecError && error.diagnostics.length > 0;
    export async function compiled(texts: Record<string, string>): Promise<string> {
      const { program, facts, model } = compileSpec(loadSpec('a.arch', memoryFiles(texts)), { batch: 2 });
      const files: ReadonlyMap<string, Uint8Array> = await programFiles({ program, facts }, new Uint8Array());
      return model.name + (await openProgram(files)).outputs[0].name;
    }
    export async function start(device: GPUDevice, program: Program): Promise<number> {
      const session: Session = await WebgpuSession.create(device, program);
      return session.bytes;
    }
    export async function loss(device: GPUDevice, target: Int32Array): Promise<number> {
      const model = await (await openProgram('https://example.org/net')).start(device, { steps: 20 });
      const { outputs, facts } = model.model;
      return facts.training === undefined ? outputs[0].shape[1] : (await model.step({ target })).loss;
    }
  `;
  const compile = (name: string, text: string) => {
    writeFileSync(at(`${name}.ts`), text);
    const strict = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2022'];
    return run(process.execPath, [resolve('node_modules/typescript/bin/tsc'), ...strict, `${name}.ts`]);
  };
  expect(compile('consumer', program)).toEqual({ code: 0, stdout: '', stderr: '' });
  const wrong = compile('wrong', program.replace('batch: 2', "batch: 'two'"));
  expect(wrong.code).not.toBe(0);
  expect(wrong.stdout).toMatch(/wrong\.ts\(5,.*TS2322/);
}, 120_000);
