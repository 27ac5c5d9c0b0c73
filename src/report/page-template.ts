import { readFileSync } from 'node:fs';
import Handlebars from 'handlebars';

/** Renders a page. What it is given as text is escaped. */
export type PageTemplate = (view: object) => string;

/**
 * The template beside this file, for programs that run from the sources. Builds hold another module with the same function
 * in the place of this one, in which it is JavaScript (bin/templates.mjs).
 */
export function pageTemplate(): PageTemplate {
  const text = readFileSync(new URL('run-page.html.hbs', import.meta.url), 'utf8');
  return Handlebars.compile(text, { strict: true });
}
