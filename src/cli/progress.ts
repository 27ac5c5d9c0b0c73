import cliProgress from 'cli-progress';
import { Pace } from '../training/pace.ts';
import { note } from './terminal.ts';

/** Progress of a job: a bar on a terminal, now and then a plain line otherwise, with the time that is left. */
export interface Progress {
  update(done: number, total: number, detail: string): void;
  stop(): void;
}

/** Plain lines come at most this often, in milliseconds. */
const LINE_INTERVAL = 10_000;

export function startProgress(title: string, total: number, quiet = false): Progress {
  if (quiet) return { update: () => {}, stop: () => {} };
  if (!process.stderr.isTTY) return plainProgress(title, note, () => performance.now());
  const pace = new Pace(performance.now());
  const bar = new cliProgress.SingleBar({
    format: `${title} {bar} {value}/{total} · {detail}{left}`,
    stream: process.stderr,
    hideCursor: true,
  });
  bar.start(total, 0, { detail: '', left: '' });
  return {
    update: (done, newTotal, detail) => {
      pace.step(performance.now());
      bar.setTotal(newTotal);
      bar.update(done, { detail, left: timeLeft(pace, newTotal - done) });
    },
    stop: () => bar.stop(),
  };
}

/** @param now the time in milliseconds */
export function plainProgress(title: string, print: (line: string) => void, now: () => number): Progress {
  const pace = new Pace(now());
  let last = Number.NEGATIVE_INFINITY;
  return {
    update: (done, total, detail) => {
      const time = now();
      pace.step(time);
      if (done < total && time - last < LINE_INTERVAL) return;
      last = time;
      print(`${title} ${done}/${total} · ${detail}${timeLeft(pace, total - done)}`);
    },
    stop: () => {},
  };
}

/** ` · about 2 min 5 s left`; nothing while the pace is not known, and at the end. */
function timeLeft(pace: Pace, steps: number): string {
  if (steps <= 0 || pace.perStep === undefined) return '';
  const seconds = Math.max(1, Math.round((pace.perStep * steps) / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  const text =
    hours > 0
      ? `${hours} h ${minutes} min`
      : minutes > 0
        ? `${minutes} min ${seconds % 60} s`
        : `${seconds} s`;
  return ` · about ${text} left`;
}
