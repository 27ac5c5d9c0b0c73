import type { Argument } from '../../grammar/ast.ts';
import type { Span } from '../../grammar/span.ts';
import type { Context, Given } from './context.ts';
import type { Env } from './env.ts';
import { nearestArgument } from './suggest.ts';

/** Values of the arguments in order; checks that positional ones come first. */
export function evaluateArguments(c: Context, args: readonly Argument[], env: Env): Given[] {
  let named = false;
  return args.map(({ name, value, span }) => {
    if (name) named = true;
    else if (named) c.report('argument-order', span, {});
    return { name, value: c.evaluate(value, env), span: value.span, expr: value };
  });
}

/**
 * Matches arguments to names, positional ones in order. What does not fit is reported; `undefined` where
 * anything was. `required` are those that must be there.
 */
export function bindArguments(
  c: Pick<Context, 'report'>,
  callee: string,
  names: readonly string[],
  required: readonly string[],
  args: readonly Given[],
  span: Span,
): Map<string, Given> | undefined {
  const bound = new Map<string, Given>();
  let fine = true;
  let position = 0;
  for (const arg of args) {
    let name = arg.name?.name;
    if (name === undefined) {
      if (position >= names.length) {
        if (position++ === names.length) {
          const found = args.filter((a) => !a.name).length;
          c.report('too-many-arguments', arg.span, {
            callee,
            expected: counted(names.length, 'argument'),
            found,
          });
        }
        fine = false;
        continue;
      }
      name = names[position++];
    } else if (!names.includes(name)) {
      const near = nearestArgument(name, names);
      c.report(
        'unknown-argument',
        arg.name?.span ?? arg.span,
        { callee, name, arguments: names.join(', ') || 'none' },
        near ? { hint: `\`${near}\`` } : {},
      );
      fine = false;
      continue;
    }
    if (bound.has(name)) {
      c.report('duplicate-argument', arg.name?.span ?? arg.span, { callee, name });
      fine = false;
    } else bound.set(name, arg);
  }
  if (!fine) return undefined;
  for (const name of required) {
    if (!bound.has(name)) {
      c.report('missing-argument', span, { callee, name });
      fine = false;
    }
  }
  return fine ? bound : undefined;
}

export function counted(n: number, what: string): string {
  return n === 1 ? `one ${what}` : n === 0 ? `no ${what}` : `${n} ${what}s`;
}
