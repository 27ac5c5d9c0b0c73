import type { Stmt } from '../../grammar/ast.ts';
import type { Span } from '../../grammar/span.ts';
import { formatDims, sameDims } from '../ir/dim.ts';
import { type Context, placeNote } from './context.ts';
import type { Env } from './env.ts';
import { shapeLabel } from './shapes.ts';
import { nearest } from './suggest.ts';
import { bool, describe, ERROR, type TensorValue, type Value } from './values.ts';

/** `training`: whether the graph is for training. What a model consists of cannot depend on it, what it computes can. */
export function trainingMode(c: Context, span: Span): Value {
  c.asksForMode();
  if (c.functions > 0) return bool(c.training);
  c.report('training-outside-forward', span, {}, { notes: placeNote(c) });
  return ERROR;
}

/**
 * `update mean = e`: from here on `mean` is the new value, in later calls of the instance too, and the buffer holds it
 * after the step. Outside of training nothing is updated, and `e` is not worked out.
 */
export function updateBuffer(
  c: Context,
  { target, value }: Extract<Stmt, { kind: 'update' }>,
  env: Env,
): void {
  const { name, span } = target;
  c.asksForMode();
  const found = env.get(name);
  const buffer = env.buffer(name);
  if (!buffer) {
    const near = nearest(name, buffersIn(env));
    const extras = { ...(near === undefined ? {} : { hint: `update ${near} = …` }), notes: placeNote(c) };
    if (!found) c.report('unknown-name', span, { name }, extras);
    else if (found.kind === 'none') c.report('absent-instance', span, { name }, { notes: placeNote(c) });
    else if (found.kind !== 'error') c.report('not-a-buffer', span, { name, found: describe(found) }, extras);
    return;
  }
  if (!c.training) return;
  const next = c.evaluate(value, env);
  if (next.kind === 'error' || found?.kind !== 'tensor') return;
  const { state } = buffer;
  if (next.kind !== 'tensor' || next.dtype !== state.dtype) {
    const expected = state.dtype === 'i32' ? 'a whole number computed from itself, such as' : 'a tensor';
    const example = state.dtype === 'i32' ? ` ${name} + 1` : '';
    const what = `the new value of \`${name}\``;
    const kind = next.kind === 'tensor' ? tensorKind(next) : describe(next);
    c.report('wrong-type', value.span, { what, expected: `${expected}${example}`, found: kind });
    return;
  }
  if (!sameDims(next.dims, state.dims)) {
    c.report(
      'update-mismatch',
      span,
      { name, expected: formatDims(state.dims), found: formatDims(next.dims) },
      { labels: [shapeLabel(next, value.span)], notes: placeNote(c) },
    );
    return;
  }
  // No gradient flows through what a buffer becomes.
  state.next = state.dtype === 'f32' ? c.builder.apply('detach', [next.id]) : next.id;
  buffer.env.set(name, { ...found, id: state.next });
}

const tensorKind = ({ dtype }: TensorValue) =>
  dtype === 'i32' ? 'a tensor of whole numbers' : 'a tensor of floats';

function* buffersIn(env: Env): Iterable<string> {
  for (let at: Env | undefined = env; at; at = at.parent) yield* at.buffers.keys();
}
