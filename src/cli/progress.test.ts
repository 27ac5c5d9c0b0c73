import { describe, expect, it } from 'vitest';
import { plainProgress } from './progress.ts';

/** The lines of a job whose step `i` takes `millis(i)`, from step `first` on. */
function lines(total: number, millis: (step: number) => number, first = 1): string[] {
  let now = 0;
  const printed: string[] = [];
  const progress = plainProgress(
    'training',
    (line) => printed.push(line),
    () => now,
  );
  for (let step = first; step <= total; step++) {
    now += millis(step);
    progress.update(step, total, 'loss 1');
  }
  return printed;
}

const secondsLeft = (line: string): number | undefined => {
  const match = /about (?:(\d+) h )?(?:(\d+) min ?)?(?:(\d+) s)? ?left$/.exec(line);
  if (!match) return undefined;
  const [hours, minutes, seconds] = match.slice(1).map((text) => Number(text ?? 0));
  return 3600 * hours + 60 * minutes + seconds;
};

describe('the time that is left', () => {
  it('is not told from the first steps, in which kernels are compiled', () => {
    const [first, second] = lines(1800, (step) => (step === 1 ? 60_000 : 150));
    expect(first).toBe('training 1/1800 · loss 1');
    // 66 steps later, at the true pace.
    expect(second).toMatch(/^training 68\/1800 /);
    expect(secondsLeft(second)).toBeCloseTo(0.15 * (1800 - 68), -1);
  });

  it('follows a machine that becomes slower', () => {
    const all = lines(1000, (step) => (step < 500 ? 100 : 300));
    const late = all.find((line) => Number(/(\d+)\//.exec(line)![1]) > 600)!;
    const step = Number(/(\d+)\//.exec(late)![1]);
    const truth = 0.3 * (1000 - step);
    expect(Math.abs(secondsLeft(late)! - truth)).toBeLessThan(0.05 * truth);
  });

  it('counts from where a run goes on, not from its first step', () => {
    const late = lines(1000, () => 1000, 901)[1];
    expect(late).toBe('training 911/1000 · loss 1 · about 1 min 29 s left');
  });

  it('is not told at the end', () => {
    expect(lines(20, () => 1000).at(-1)).toBe('training 20/20 · loss 1');
  });

  it('is told in hours where there are any', () => {
    expect(lines(100_000, () => 1000)[1]).toMatch(/about 27 h 46 min left$/);
  });
});
