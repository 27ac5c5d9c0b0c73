import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { expectNoStack, temporaryFolder } from '../cli/archc.ts';
import { cloneTo } from '../readme/clone.ts';

/** A checkout of its own in which only the packages that commands run are installed, and no GPU is to be seen. */
const clone = join(temporaryFolder(), 'archc');
const env = { ...process.env, ARCHC_ADAPTER: 'cpu' };
const NUCLEI = 'examples/nuclei/Dataset703_Nuclei';

beforeAll(() => {
  cloneTo(clone);
  for (const part of ['imagesTs', 'labelsTs']) {
    for (const name of readdirSync(join(clone, NUCLEI, part))
      .sort()
      .slice(2))
      rmSync(join(clone, NUCLEI, part, name));
  }
  // The packages of the registry are taken from npm's cache where it has them.
  const install = ['ci', '--omit=dev', '--prefer-offline', '--no-audit', '--no-fund'];
  execFileSync('npm', install, { cwd: clone, stdio: 'pipe' });
}, 300_000);

function run(line: string): string {
  const { status, stdout, stderr } = spawnSync(line, { cwd: clone, encoding: 'utf8', shell: true, env });
  expectNoStack({ code: status ?? -1, stdout, stderr });
  expect(status, `${stdout}\n${stderr}`).toBe(0);
  return stdout;
}

const developmentPackages = () => {
  const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    devDependencies: Record<string, string>;
  };
  const names = Object.keys(devDependencies);
  expect(names).toEqual(expect.arrayContaining(['@sparticuz/chromium', 'typescript', 'vitest']));
  return names.filter((name) => existsSync(join(clone, 'node_modules', name)));
};

test('`npm start` does its work with these packages and installs no others', () => {
  expect(developmentPackages()).toEqual([]);
  const stdout = run('npm start -- --steps 3');
  expect(stdout).not.toContain('installing packages');
  expect(stdout).toMatch(/^3 steps in .* on CPU, .* → runs\/nuclei$/m);
  expect(stdout).toMatch(/^mean DSC .* 2 test images: 0\.\d{4}/m);
  expect(developmentPackages()).toEqual([]);
});

test.each([
  'check swin-umamba-d',
  'explain conv2d',
  'params nnunet',
  'emit graph swin-umamba-d --format svg --depth 2 --output drawn.svg',
  'emit wgsl examples/nuclei/nuclei.arch',
  `predict runs/nuclei --input ${NUCLEI}/imagesTs --output predictions`,
  `evaluate --predictions predictions --truth ${NUCLEI}/labelsTs --data ${NUCLEI}`,
  'compile runs/nuclei --target cpu --output build/nuclei',
  'doctor',
])('archc %s', (line) => {
  run(`npx archc ${line}`);
});

test('`npm start` installs them where there are none, and no more', () => {
  rmSync(join(clone, 'node_modules'), { recursive: true });
  expect(run('npm start -- --steps 2 --output runs/again')).toMatch(
    /^installing packages \(node_modules is missing\) \.\.\.$/m,
  );
  expect(developmentPackages()).toEqual([]);
}, 300_000);
