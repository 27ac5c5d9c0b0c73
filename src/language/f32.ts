import type { Expr } from '../../grammar/ast.ts';
import type { Span } from '../../grammar/span.ts';
import { type Context, placeNote } from './context.ts';
import type { Env } from './env.ts';
import { causes } from './origins.ts';

/** The smallest normal 32-bit float: devices may take what is below for 0. */
export const SMALLEST_NORMAL = 2 ** -126;

/** The number's text, whose names may stand for an argument elsewhere: then that is where the number comes from. */
export interface Written {
  readonly span: Span;
  readonly expr?: Expr | undefined;
  readonly env?: Env;
}

/**
 * Whether a number of the spec can go into the graph, which computes in 32-bit floats. What is too large for them is
 * a mistake; what they take for 0, or may, is warned about. `what` says what the number is.
 */
export function fitsF32(
  c: Pick<Context, 'report' | 'building'>,
  what: string,
  x: number,
  { span, expr, env }: Written,
): boolean {
  const held = Math.fround(x);
  const tooLarge = !Number.isFinite(held);
  if (!tooLarge && (x === 0 || Math.abs(held) >= SMALLEST_NORMAL)) return true;
  const place = (expr && env && causes(expr, env).blamed) ?? span;
  const extras = { labels: place === span ? [] : [{ span, text: 'used here' }], notes: placeNote(c) };
  if (tooLarge) c.report('beyond-f32', place, { what, number: x }, extras);
  else {
    const becomes = held === 0 ? 'becomes 0' : 'counts as 0 on many devices';
    c.report('below-f32', place, { what, number: x, becomes }, extras);
  }
  return !tooLarge;
}
