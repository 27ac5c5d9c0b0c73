// Runs a Node program without what graphics drivers write to standard error by themselves and what means nothing.
// Dawn has no switch for it and writes past Node, so standard error of the process that loads it is a pipe to this one.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** Lines that say nothing to a user: what they are about is a default of the driver, or is said by archc itself. */
const meaningless = [
  // Dawn, for each adapter: lavapipe allows more than Dawn ever uses.
  /^Warning: maxDynamic\w+BuffersPerPipelineLayout artificially reduced from \d+ to \d+ to fit/,
  // The Vulkan loader and Dawn where no driver is installed: archc looks elsewhere, and else says so.
  /^Warning: vkCreateInstance: Found no drivers!$/,
  /^Warning: vkCreateInstance failed with VK_ERROR_INCOMPATIBLE_DRIVER$/,
  /^ {4}at CheckVkSuccessImpl \(.*\)$/,
];

/** Signals that end or stop a program; the child is in a session of its own and gets them from here alone, once. */
const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];

/** Whether there is anything to keep away: these drivers are Linux's, and whoever looks for a fault wants to see all. */
export const needed = process.platform === 'linux' && !process.env.ARCHC_DEBUG;

/**
 * Runs `node ...args` and resolves to its exit code.
 *
 * With `ownStderr` the program gets the true standard error as descriptor 3, a terminal where it is one, and
 * descriptor 4, which closes when this process is gone; bin/quiet-child.mjs uses both.
 */
export function runQuietly(args, { env = {}, cwd, ownStderr = false } = {}) {
  const child = spawn(process.execPath, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['inherit', 'inherit', needed ? 'pipe' : 'inherit', ...(ownStderr ? [2, 'pipe'] : [])],
    detached: ownStderr,
  });
  const filter = lineFilter((text) => process.stderr.write(text));
  child.stderr?.setEncoding('utf8').on('data', filter.push);

  const handlers = new Map();
  if (ownStderr) {
    for (const signal of forwarded) handlers.set(signal, () => child.kill(signal));
    handlers.set('SIGTSTP', () => {
      child.kill('SIGSTOP');
      process.kill(process.pid, 'SIGSTOP');
    });
    handlers.set('SIGCONT', () => child.kill('SIGCONT'));
  } else {
    // The terminal sends Ctrl-C to both; the child says how it ended.
    handlers.set('SIGINT', () => {});
    handlers.set('SIGTERM', () => child.kill('SIGTERM'));
  }
  for (const [signal, handle] of handlers) process.on(signal, handle);

  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      for (const [name, handle] of handlers) process.off(name, handle);
      filter.end();
      // Ends as the child did, so that a shell says `Killed` or `Segmentation fault` as of any program.
      if (signal !== null) process.kill(process.pid, signal);
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
}

/** Hands on whole lines but the meaningless ones, and the empty line that follows those. */
export function lineFilter(write) {
  let rest = '';
  let dropped = false;
  const keep = (line) => {
    const after = dropped;
    dropped = meaningless.some((pattern) => pattern.test(line)) || (after && line === '');
    return !dropped;
  };
  return {
    push: (text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop();
      const kept = lines.filter(keep);
      if (kept.length > 0) write(`${kept.join('\n')}\n`);
    },
    end: () => {
      if (rest !== '' && keep(rest)) write(rest);
      rest = '';
    },
  };
}
