import type { Component, Decl, Expr } from '../../../grammar/ast.ts';
import { parseModule } from '../../../grammar/parser.ts';
import type { Span } from '../../../grammar/span.ts';
import { nodeFiles } from '../../files/spec-files.ts';
import type { Page } from './page.ts';

/** The last line of a block's description: `Example: Block(…) of [B, …], [B, …] is [B, …]`. */
export interface BlockExample {
  readonly block: string;
  readonly path: string;
  /** `Block(…)`. */
  readonly call: string;
  /** Shapes of the arguments, as they are written; one in brackets of its own is a list. */
  readonly inputs: string;
  readonly result: string;
}

interface LibraryFile {
  readonly path: string;
  readonly doc: string;
  readonly blocks: readonly Component[];
  readonly text: string;
}

function libraryFiles(): LibraryFile[] {
  return (nodeFiles.library?.() ?? []).map((path) => {
    const text = nodeFiles.read(nodeFiles.resolve('', path)) ?? '';
    const { module } = parseModule(text, path);
    return {
      path,
      doc: module.doc,
      blocks: module.declarations.flatMap((d) => (d.kind === 'block' ? [d] : [])),
      text,
    };
  });
}

/** The pages of the library, file by file. */
export function blockPages(): {
  readonly title: string;
  readonly doc: string;
  readonly pages: readonly Page[];
}[] {
  return libraryFiles().map((file) => ({
    title: file.path,
    doc: flowing(file.doc),
    pages: file.blocks.map((block) => pageOf(file, block)),
  }));
}

export function blockPage(name: string): Page | undefined {
  return blockPages()
    .flatMap(({ pages }) => pages)
    .find((page) => page.name === name);
}

export const blockNames = (): string[] => libraryFiles().flatMap((f) => f.blocks.map((b) => b.name.name));

/** The examples of all blocks; a block without one is left out. */
export const blockExamples = (): BlockExample[] =>
  libraryFiles().flatMap((file) => file.blocks.flatMap((block) => exampleOf(file, block) ?? []));

const EXAMPLE = /\n?^Example: (.+) of (\[.*\]) is (\[.*\])$/m;

function exampleOf({ path }: LibraryFile, { name, doc }: Component): BlockExample | undefined {
  const match = EXAMPLE.exec(doc.replace(/\n(?=of |is )/g, ' '));
  return match ? { block: name.name, path, call: match[1], inputs: match[2], result: match[3] } : undefined;
}

const flowing = (doc: string): string => doc.replaceAll('\n', ' ').trim();

function pageOf(file: LibraryFile, block: Component): Page {
  const source = ({ start, end }: Span) => file.text.slice(start, end).replace(/\s+/g, ' ');
  const { name, params, body } = block;
  const example = exampleOf(file, block);
  const declared = body.flatMap(inside);
  const tensors = (kind: 'param' | 'buffer') =>
    declared.flatMap((d) =>
      d.kind === kind
        ? [`\`${d.name.name}: ${source(d.shape.span)}\`${d.cond ? ` if \`${source(d.cond.span)}\`` : ''}`]
        : [],
    );
  const [parameters, buffers] = [tensors('param'), tensors('buffer')];
  const parts = declared.flatMap((d) => (d.kind === 'instance' ? [`\`${partText(d, source)}\``] : []));
  const forwards = declared.flatMap((d) =>
    d.kind === 'forward'
      ? [
          `\`forward(${d.fn.params.map((p) => source(p.span)).join(', ')})${d.fn.result ? ` -> ${source(d.fn.result.span)}` : ''}\``,
        ]
      : [],
  );
  return {
    name: name.name,
    kind: 'block',
    signature: `${name.name}(${params.map((p) => source(p.span)).join(', ')})`,
    from: file.path,
    doc: flowing(block.doc.replace(/\n(?=of |is )/g, ' ').replace(EXAMPLE, '')),
    facts: [
      ['shapes', forwards.join(', ')],
      ['parameters', parameters.join(', ') || 'none of its own'],
      ...(buffers.length > 0 ? [['buffers', buffers.join(', ')] as const] : []),
      ...(parts.length > 0 ? [['parts', [...new Set(parts)].join(', ')] as const] : []),
    ],
    example: example
      ? `part = ${example.call}\nforward { y = part(…) }   // ${example.inputs} → ${example.result}`
      : '',
  };
}

/** A declaration and those inside of it. */
function inside(decl: Decl): Decl[] {
  if (decl.kind === 'for') return decl.body.flatMap(inside);
  if (decl.kind === 'if') return [...decl.body, ...(decl.else ?? [])].flatMap(inside);
  return [decl];
}

function partText(decl: Extract<Decl, { kind: 'instance' }>, source: (span: Span) => string): string {
  const indices = decl.indices.map((i) => `[${source(i.span)}]`).join('');
  return `${decl.name.name}${indices}: ${calleeOf(decl.value, source)}`;
}

const calleeOf = (value: Expr, source: (span: Span) => string): string =>
  value.kind === 'call' ? source(value.callee.span) : source(value.span);
