import { type Family, families } from '../../recipe/index.ts';
import { type Form, rangeText, type Setting, takesNone } from '../../recipe/setting.ts';
import type { Page } from './page.ts';

/** The pages of what a recipe is made of, table by table. */
export const recipePages = (): { readonly title: string; readonly doc: string; readonly pages: Page[] }[] =>
  families.map(({ title, doc, kind, forms }) => ({
    title,
    doc,
    pages: Object.entries(forms).map(([name, form]) => pageOf(kind, name, form)),
  }));

/** A name may stand in several tables. */
export const recipePagesOf = (name: string): Page[] =>
  recipePages().flatMap(({ pages }) => pages.filter((page) => page.name === name));

export const recipeNames = (): string[] => families.flatMap(({ forms }) => Object.keys(forms));

function pageOf(kind: Family['kind'], name: string, { args, doc, example }: Form): Page {
  const settings = Object.entries(args);
  const texts = settings.map(([arg, setting]) => `${arg}: ${typeText(setting)}${defaultText(setting)}`);
  return {
    name,
    kind,
    signature: texts.length === 0 ? name : `${name}(${texts.join(', ')})`,
    doc,
    facts: settings.map(([arg, setting]) => [arg, factText(setting)]),
    example,
  };
}

function typeText({ type, length }: Setting): string {
  if (type === 'numbers') return length ? `<${new Array(length).fill('float').join(', ')}>` : '<float; N>';
  return { number: 'float', whole: 'int', flag: 'bool', word: 'string', text: 'string' }[type];
}

function defaultText(setting: Setting): string {
  const { needed, otherwise } = setting;
  if (needed) return '';
  if (takesNone(setting)) return ' = none';
  if (typeof otherwise === 'string') return ` = "${otherwise}"`;
  return ` = ${Array.isArray(otherwise) ? `<${otherwise.join(', ')}>` : String(otherwise)}`;
}

function factText({ doc, range, choices }: Setting): string {
  const allowed = choices?.map((choice) => `"${choice}"`).join(' or ') ?? rangeText(range);
  return allowed === '' ? doc : `${doc}; ${allowed}`;
}
