import { spawnSync } from 'node:child_process';

/** Runs archc as a process whose files may have so many bytes at most: writing beyond fails as on a full disk. */
export function withLimit(bytes: number, args: readonly string[]) {
  // The signal that comes first would end the process.
  const script = `trap '' XFSZ; ulimit -f ${bytes / 512}; exec "$@"`;
  const { status, stdout, stderr } = spawnSync(
    'sh',
    ['-c', script, 'sh', process.execPath, 'bin/archc.mjs', ...args],
    { encoding: 'utf8' },
  );
  return { code: status ?? -1, stdout, stderr };
}
