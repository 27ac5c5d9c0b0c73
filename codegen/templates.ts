import { readFileSync } from 'node:fs';
import Handlebars from 'handlebars';
import type { Template } from './render.ts';

/*
 * The files of `codegen/`, for programs that run from the sources (tests, benchmarks). Builds hold another module with
 * the same two functions in the place of this one, in which the templates are JavaScript (bin/templates.mjs).
 */

/** A template by its path, such as `kernels/reduce.wgsl.hbs`. */
export function template(path: string): Template {
  return Handlebars.compile(text(path), { noEscape: true, strict: true }) as Template;
}

/** What a file holds, such as `functions/erf.wgsl`. */
export function text(path: string): string {
  return readFileSync(new URL(path, import.meta.url), 'utf8');
}
