import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from './archc.ts';
import { TINY, writeDataset, writeInputs, writeWeights } from './tiny.ts';

interface Filter {
  push(text: string): void;
  end(): void;
}
// Plain JavaScript, as all that runs before anything is built.
const { lineFilter } = (await import(pathToFileURL('bin/quiet.mjs').href)) as {
  lineFilter(write: (text: string) => void): Filter;
};

const folder = temporaryFolder();
const inFolder = (name: string) => join(folder, name);
const linux = process.platform === 'linux';

function filtered(...chunks: string[]): string {
  let written = '';
  const filter = lineFilter((text) => {
    written += text;
  });
  for (const chunk of chunks) filter.push(chunk);
  filter.end();
  return written;
}

describe('what is kept from the user', () => {
  const reduced =
    'Warning: maxDynamicUniformBuffersPerPipelineLayout artificially reduced from 1000000 to 16 to fit dynamic offset allocation limit.\n';
  const noDriver =
    'Warning: vkCreateInstance: Found no drivers!\n' +
    'Warning: vkCreateInstance failed with VK_ERROR_INCOMPATIBLE_DRIVER\n' +
    '    at CheckVkSuccessImpl (/build/dawn/native/vulkan/VulkanError.cpp:106)\n\n';

  test('lines that mean nothing, wherever the pipe cuts them', () => {
    expect(filtered(reduced, noDriver)).toBe('');
    expect(filtered(...reduced)).toBe('');
  });

  test('nothing else', () => {
    const real = 'Warning: device was lost\n\n    at CheckVkResult (x)\nno newline at the end';
    expect(filtered(real)).toBe(real);
    expect(filtered('before\n', reduced, 'after\n', '\n')).toBe('before\nafter\n\n');
  });
});

const weights = writeWeights(inFolder('w.safetensors'));
const inputs = writeInputs(inFolder('i.safetensors'));

function run(env: Record<string, string>, ...more: string[]) {
  const args = ['bin/archc.mjs', 'run', `${TINY}:Tiny`, '--weights', weights, '--input', inputs];
  const output = ['--output', inFolder('y.safetensors'), '--backend', 'webgpu', ...more];
  return spawnSync(process.execPath, [...args, ...output], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
}

test('a command that opens a device writes nothing of the driver to stderr', () => {
  const quiet = run({});
  expect([quiet.status, quiet.stderr]).toEqual([0, '']);
  // With ARCHC_DEBUG=1 everything is shown: what Dawn says of lavapipe, at least.
  const loud = run({ ARCHC_DEBUG: '1' });
  expect(loud.status).toBe(0);
  if (quiet.stdout.includes('lavapipe')) expect(loud.stderr).toContain('artificially reduced');
});

test('errors of the command still reach stderr, and its exit code the caller', () => {
  const empty = Object.fromEntries(
    ['XDG_DATA_DIRS', 'XDG_DATA_HOME', 'XDG_CONFIG_HOME', 'XDG_CONFIG_DIRS'].map((name) => [name, folder]),
  );
  const nothing = run({ ...empty, ARCHC_ADAPTER: 'gpu' });
  expect([nothing.status, nothing.stdout]).toEqual([1, '']);
  expect(nothing.stderr).toMatch(/^error\[no-adapter\]: [^\n]*\n {2}= try: [^\n]*\n$/);
  expect(run({}, '--backend', 'cuda').status).toBe(2);
});

test.runIf(linux && existsSync('/usr/bin/script'))(
  'on a terminal stderr is one: there is a progress bar',
  () => {
    const data = writeDataset(inFolder('data'));
    const command = `"${process.execPath}" bin/archc.mjs train ${TINY} --data "${data}" --output "${inFolder('run')}" --backend webgpu >"${inFolder('out')}"`;
    const { status, stdout } = spawnSync('script', ['-qec', command, '/dev/null'], { encoding: 'utf8' });
    expect(status).toBe(0);
    expect(stdout).toMatch(/training =+ 12\/12/);
    expect(stdout).not.toContain('Warning:');
  },
);

/** A run that would go on for long, once it trains: the command and the process below it that does the work. */
async function startTraining(name: string): Promise<{ command: ChildProcess; child: number }> {
  const data = writeDataset(inFolder('data'));
  // Only what loads Dawn has a process of its own for it.
  const device = ['--backend', 'webgpu'];
  const args = ['bin/archc.mjs', 'train', TINY, '--data', data, '--output', inFolder(name), ...device];
  const command = spawn(process.execPath, [...args, '--steps', '100000', '--checkpoint-every', '2'], {
    stdio: 'ignore',
  });
  while (!existsSync(join(inFolder(name), 'checkpoint.safetensors'))) {
    expect(command.exitCode).toBe(null);
    await soon();
  }
  const children = readFileSync(`/proc/${command.pid}/task/${command.pid}/children`, 'utf8')
    .trim()
    .split(' ');
  expect(children).toEqual([expect.stringMatching(/^\d+$/)]);
  return { command, child: Number(children[0]) };
}

const soon = () => new Promise((resolve) => setTimeout(resolve, 10));

/** The state letter of a process (proc(5)): T is stopped. */
const state = (pid: number | undefined) => /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];

describe.runIf(linux)('signals', () => {
  test('whoever kills the command kills all of it', async () => {
    const { command, child } = await startTraining('killed');
    command.kill('SIGKILL');
    while (existsSync(`/proc/${child}`)) await soon();
  });

  test('what kills the work ends the command, by the same signal', async () => {
    const { command, child } = await startTraining('crashed');
    const ended = new Promise((resolve) => command.on('close', (code, signal) => resolve([code, signal])));
    process.kill(child, 'SIGKILL');
    expect(await ended).toEqual([null, 'SIGKILL']);
  });

  test('Ctrl-Z stops the work too, and it goes on', async () => {
    const { command, child } = await startTraining('stopped');
    command.kill('SIGTSTP');
    while (state(child) !== 'T' || state(command.pid) !== 'T') await soon();
    command.kill('SIGCONT');
    while (state(child) === 'T' || state(command.pid) === 'T') await soon();
    const ended = new Promise((resolve) => command.on('close', resolve));
    command.kill('SIGTERM');
    expect(await ended).toBe(130);
  });
});
