import type { Program } from '../program/program.ts';

/** The text files of a program by their path: all but its weights. The same program gives the same texts. */
export function programFiles({ kernels, ...rest }: Program): Map<string, string> {
  const text = JSON.stringify(
    { ...rest, kernels: kernels.map(({ wgsl: _, ...info }) => info) },
    // Where in the spec a section stands says nothing once it is compiled.
    (key, value) => (key === 'span' ? undefined : value),
  );
  return new Map([
    ['program.json', `${text}\n`],
    ...kernels.map(({ name, wgsl }) => [`kernels/${name}.wgsl`, wgsl] as const),
  ]);
}
