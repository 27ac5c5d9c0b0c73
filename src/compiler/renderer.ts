import { Renderer } from '../../codegen/render.ts';
import * as templates from '../../codegen/templates.ts';

/** Renders kernels from the templates of `codegen/`. Compiled templates are kept. */
export function kernelRenderer(): Renderer {
  return new Renderer(templates);
}
