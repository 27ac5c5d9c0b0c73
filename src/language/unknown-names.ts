import { foreignNames } from '../../grammar/foreign/names.ts';
import type { Span } from '../../grammar/span.ts';
import type { OpTable } from '../ir/op.ts';
import { builtins } from './builtins.ts';
import type { Reporter } from './diagnostics/index.ts';
import type { LoadedSpec } from './modules.ts';
import { COMMAND_LINE } from './origins.ts';
import { nearest } from './suggest.ts';

/** The values of --set stand outside of the spec. */
const setHint = 'a value: the names of a spec are not known to --set, and a string stands in quotes ("…")';

/** Where a name could have come from. */
interface Known {
  readonly ops: OpTable;
  readonly library: LoadedSpec['library'];
}

/** Reports a name that stands for nothing, with what was most likely meant; `names` are those that can be used there. */
export function reportUnknown(
  c: Known & { readonly report: Reporter['report'] },
  name: string,
  span: Span,
  names: readonly string[],
): void {
  const hint = meant(c, name, span, names);
  c.report('unknown-name', span, { name }, hint === undefined ? {} : { hint });
}

function meant(c: Known, name: string, span: Span, names: readonly string[]): string | undefined {
  const library = c.library();
  const importing = (block: string): string => `import { ${block} } from "${library.get(block)}"`;
  if (library.has(name)) return importing(name);
  if (Object.hasOwn(foreignNames, name)) return foreignNames[name];
  if (span.file.startsWith(COMMAND_LINE)) return setHint;
  const ops = [...c.ops.values()].flatMap((op) => (op.internal ? [] : [op.name]));
  // `LeakyReLU`, a class in PyTorch, is the op leaky_relu here.
  const plain = (text: string) => text.toLowerCase().replaceAll('_', '');
  const functional = ops.find((op) => /^[A-Z]/.test(name) && plain(op) === plain(name));
  const near = nearest(name, [...names, ...builtins.keys(), ...library.keys(), ...ops]);
  if (near !== undefined && names.includes(near)) return `\`${near}\``;
  const block = [...library.keys()].find((known) => plain(known) === plain(name));
  if (block && /^[A-Z]/.test(name)) return importing(block);
  if (functional) return `\`${functional}(x)\`, an op: it is called without being declared`;
  if (near === undefined) return undefined;
  return library.has(near) ? importing(near) : `\`${near}\``;
}
