import type { TypeRef } from '../../grammar/ast.ts';
import type { Span } from '../../grammar/span.ts';
import type { Context } from './context.ts';
import type { Env } from './env.ts';
import { toInitialiser } from './initialisers.ts';
import { nearest } from './suggest.ts';
import { describe, ERROR, int, isInt, isNumber, show, type Value } from './values.ts';

const elementTypes = ['int', 'float', 'bool', 'string', 'init', 'list'];

/**
 * The value as the type wants it. A wrong one is reported at `span`, where it was given. The length of
 * `<int; N>` binds `N` in `env` where it is not bound yet.
 */
export function checkType(
  c: Context,
  what: string,
  value: Value,
  type: TypeRef,
  env: Env,
  span: Span,
): Value {
  if (value.kind !== 'vector' && value.kind !== 'list') bindUnknownLength(type, env);
  if (value.kind === 'error') return value;
  if (type.kind === 'name') return checkElement(c, what, value, type.name, type.span, span);
  if (value.kind !== 'vector' && value.kind !== 'list') {
    c.report('wrong-type', span, { what, expected: `a vector ${formatType(type)}`, found: describe(value) });
    return ERROR;
  }
  if (type.kind === 'elements') {
    if (value.items.length !== type.elements.length) {
      c.report('wrong-length', span, { what, expected: type.elements.length, found: value.items.length });
      return ERROR;
    }
    return vectorOf(
      value.items.map((v, i) => {
        const element = type.elements[i];
        return checkElement(c, `entry ${i} of ${what}`, v, element.name, element.span, span);
      }),
    );
  }
  const items = value.items.map((v, i) =>
    checkElement(c, `entry ${i} of ${what}`, v, type.element.name, type.element.span, span),
  );
  const { length } = type;
  if (length.kind === 'name' && env.get(length.name) === undefined) {
    env.set(length.name, int(items.length));
    return vectorOf(items);
  }
  const expected = c.evaluate(length, env);
  if (expected.kind === 'error') return ERROR;
  if (!isInt(expected)) {
    c.report('not-an-integer', length.span, { what: 'a length', found: describe(expected) });
    return ERROR;
  }
  if (expected.num !== items.length) {
    c.report(
      'wrong-length',
      span,
      { what, expected: expected.num, found: items.length },
      {
        labels: [{ span: type.span, text: `${formatType(type)} asks for ${expected.num}` }],
      },
    );
    return ERROR;
  }
  return vectorOf(items);
}

/** A length that no value tells is unknown, not undefined: what needs it stays silent. */
function bindUnknownLength(type: TypeRef, env: Env): void {
  if (type.kind !== 'vector' || type.length.kind !== 'name') return;
  if (env.get(type.length.name) === undefined) env.set(type.length.name, ERROR);
}

const vectorOf = (items: readonly Value[]): Value =>
  items.some((v) => v.kind === 'error') ? ERROR : { kind: 'vector', items };

function checkElement(
  c: Context,
  what: string,
  value: Value,
  type: string,
  typeSpan: Span,
  span: Span,
): Value {
  if (value.kind === 'error') return value;
  const wrong = (expected: string): Value => {
    c.report('wrong-type', span, { what, expected, found: describe(value) });
    return ERROR;
  };
  switch (type) {
    case 'int':
      if (isInt(value)) return value;
      if (isNumber(value)) {
        c.report('not-an-integer', span, { what, found: show(value) });
        return ERROR;
      }
      return wrong('a whole number');
    case 'float':
      return isNumber(value) ? value : wrong('a number');
    case 'bool':
      return value.kind === 'bool' ? value : wrong('true or false');
    case 'string':
      return value.kind === 'string' ? value : wrong('a string');
    case 'list':
      return value.kind === 'list' || value.kind === 'vector' ? value : wrong('a list');
    case 'init': {
      const init = toInitialiser(value);
      if (init) return { kind: 'init', init };
      c.report('not-an-initialiser', span, { found: describe(value) });
      return ERROR;
    }
    default: {
      const near = nearest(type, elementTypes);
      c.report('unknown-type', typeSpan, { name: type }, near ? { hint: `\`${near}\`` } : {});
      return ERROR;
    }
  }
}

export function formatType(type: TypeRef): string {
  if (type.kind === 'name') return type.name;
  if (type.kind === 'elements') return `<${type.elements.map((e) => e.name).join(', ')}>`;
  const { length } = type;
  const text = length.kind === 'name' ? length.name : length.kind === 'int' ? String(length.value) : '…';
  return `<${type.element.name}; ${text}>`;
}
