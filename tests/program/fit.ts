import { expect } from 'vitest';
import { archc, json } from '../cli/archc.ts';
import { TINY } from '../cli/tiny.ts';

const adamw = '--optimizer adamw --lr 1e-2 --betas 0.9,0.999'.split(' ');
const quick = [
  ...adamw,
  ...'--weight-decay 0.05 --eps 1e-5 --clip 12 --schedule cosine --min-lr 1e-6'.split(' '),
];

/** Specs that train in a blink, with the settings of their train sections as `archc fit` takes them. */
export const trained: readonly (readonly [what: string, spec: string, settings: readonly string[]])[] = [
  ['an optimizer with a schedule', TINY, quick],
  ['buffers and running statistics', 'tests/fixtures/cli/normed.arch', [...adamw, '--weight-decay', '0.01']],
];

/** The losses of 20 steps of `archc fit`. */
export async function fitLosses(
  spec: string,
  files: { readonly weights: string; readonly input: string; readonly output: string },
  options: readonly string[],
): Promise<number[]> {
  const named = Object.entries(files).flatMap(([name, file]) => [`--${name}`, file]);
  const result = await archc('fit', spec, ...named, '--steps', '20', ...options, '--json');
  expect(result.code, result.stderr).toBe(0);
  return json(result)['loss'] as number[];
}
