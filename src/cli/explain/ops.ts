import type { AttrSpec, Op } from '../../ir/op.ts';
import { opFamilies, ops } from '../../ops/index.ts';
import type { Page } from './page.ts';

/** The page of an op that specs can call. */
export function opPage(name: string): Page | undefined {
  const op = ops.get(name);
  return op && !op.internal ? pageOf(op) : undefined;
}

export const opNames = (): string[] => [...ops.values()].flatMap((op) => (op.internal ? [] : [op.name]));

/** The pages by family. */
export function opPages(): { readonly title: string; readonly pages: readonly Page[] }[] {
  return opFamilies
    .map(({ title, ops: family }) => ({ title, pages: family.filter((op) => !op.internal).map(pageOf) }))
    .filter(({ pages }) => pages.length > 0);
}

function pageOf(op: Op): Page {
  const operands = op.operands.map((o) => `${o.name}${o.variadic ? '…' : o.optional ? ' = none' : ''}`);
  const attrs = Object.entries(op.attrs).map(
    ([name, spec]) => `${name}: ${typeText(spec)}${defaultText(spec)}`,
  );
  const choices = Object.entries(op.attrs).flatMap(([name, { choices: values }]) =>
    values ? [[name, values.map((v) => `\`"${v}"\``).join(' or ')] as const] : [],
  );
  return {
    name: op.name,
    kind: 'op',
    signature: `${op.name}(${[...operands, ...attrs].join(', ')})`,
    doc: op.doc,
    facts: [...choices, ['gradient', gradientText(op)]],
    example: op.example ?? '',
  };
}

function typeText({ type, repeat }: AttrSpec): string {
  if (type === 'int[]' || type === 'float[]') {
    const element = type.slice(0, -2);
    return repeat ? `<${new Array(repeat).fill(element).join(', ')}>` : `<${element}; N>`;
  }
  return type;
}

function defaultText({ default: value }: AttrSpec): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return ` = "${value}"`;
  return ` = ${Array.isArray(value) ? `<${value.join(', ')}>` : String(value)}`;
}

function gradientText(op: Op): string {
  if (op.kind === 'composite') return 'yes, by the ops that it is made of';
  if (op.operands.length === 0) return 'none: it has no operands';
  return op.gradient ? 'yes' : 'none';
}
