import { readFileSync } from 'node:fs';
import { Renderer } from '../../codegen/render.ts';

/** Templates of `codegen/`, read from the installation. */
export function nodeRenderer(): Renderer {
  return new Renderer((path) => readFileSync(new URL(`../../codegen/${path}`, import.meta.url), 'utf8'));
}
