import type { Family } from '../../recipe/index.ts';

/** What there is to say about an op, a block or a part of a recipe, for the terminal and for docs/. */
export interface Page {
  readonly name: string;
  readonly kind: 'op' | 'block' | Family['kind'];
  readonly signature: string;
  /** Where a block is imported from. */
  readonly from?: string;
  /** One paragraph: formula, shapes, source. */
  readonly doc: string;
  readonly facts: readonly (readonly [label: string, text: string])[];
  /** A piece of a spec. */
  readonly example: string;
}

/** For the terminal. */
export function pageText({ name, kind, signature, from, doc, facts, example }: Page): string {
  const width = Math.max(0, ...facts.map(([label]) => label.length));
  return [
    `${kind} ${name}`,
    signature,
    ...(from ? [`import { ${name} } from "${from}"`] : []),
    doc,
    ...(facts.length === 0
      ? []
      : [facts.map(([label, text]) => `${label.padEnd(width)}  ${text}`).join('\n')]),
    example.replace(/^/gm, '  '),
  ].join('\n\n');
}

/** For docs/, as a section. */
export function pageMarkdown({ name, signature, doc, facts, example }: Page): string {
  return [
    `### ${name}`,
    `\`\`\`\n${signature}\n\`\`\``,
    doc.replaceAll('<', '\\<').replaceAll('*', '\\*'),
    ...(facts.length === 0 ? [] : [facts.map(([label, text]) => `- ${label}: ${text}`).join('\n')]),
    `\`\`\`\n${example}\n\`\`\``,
  ].join('\n\n');
}
