import cliProgress from 'cli-progress';
import { note } from './terminal.ts';

/** Progress of a job: a bar with ETA on a terminal, now and then a plain line otherwise. */
export interface Progress {
  update(done: number, total: number, detail: string): void;
  stop(): void;
}

/** Plain lines come at most this often, in milliseconds. */
const LINE_INTERVAL = 10_000;

export function startProgress(title: string, total: number, quiet = false): Progress {
  if (quiet) return { update: () => {}, stop: () => {} };
  if (!process.stderr.isTTY) return plainProgress(title);
  const bar = new cliProgress.SingleBar({
    format: `${title} {bar} {value}/{total} · {detail} · {eta_formatted} left`,
    stream: process.stderr,
    hideCursor: true,
    etaBuffer: 30,
  });
  bar.start(total, 0, { detail: '' });
  return {
    update: (done, newTotal, detail) => {
      bar.setTotal(newTotal);
      bar.update(done, { detail });
    },
    stop: () => bar.stop(),
  };
}

function plainProgress(title: string): Progress {
  const started = performance.now();
  let last = 0;
  return {
    update: (done, total, detail) => {
      const now = performance.now();
      if (done < total && now - last < LINE_INTERVAL) return;
      last = now;
      const seconds = (now - started) / 1000;
      const left = done > 0 ? ` · about ${Math.round((seconds / done) * (total - done))} s left` : '';
      note(`${title} ${done}/${total} · ${detail}${done < total ? left : ''}`);
    },
    stop: () => {},
  };
}
