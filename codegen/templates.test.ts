import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const folders = ['kernels', 'functions'].map((name) => new URL(`${name}/`, import.meta.url));
const templates = folders.flatMap((folder) =>
  readdirSync(folder).map((file) => {
    const text = readFileSync(new URL(file, folder), 'utf8');
    return [file, text.replace(/\/\/.*/g, '').replace(/\{\{.*?\}\}/g, '#')] as const;
  }),
);

/** What a text indexes by the name of memory, or calls by the name of a binding. */
function rawAccesses(text: string): string[] {
  const operands = new Set([...text.matchAll(/\b(?:load4?|store)_([\w#]+)\(/g)].map((m) => m[1]));
  const indexed = [...text.matchAll(/(?<![\w#.])([\w#]+)\[/g)].map((m) => m[1]);
  return indexed.filter((name) => operands.has(name) || name.startsWith('memory_'));
}

describe('templates', () => {
  test.each(templates)('%s reads and writes memory only through functions', (_, text) => {
    expect(rawAccesses(text)).toEqual([]);
    expect(text).not.toMatch(/\bmemory_|var<storage|fn (load4?|store)_/);
  });

  test.each(templates)('%s counts workgroups however they are folded', (_, text) => {
    expect(text.replaceAll('group.y * groups.x + group.x', '')).not.toMatch(
      /\bgroups?\.|global_invocation_id/,
    );
  });

  test('what indexes an operand is found', () => {
    expect(rawAccesses('let v = load_x(i) + x[i]; y[i] = v; store_y(i, v); s[2]')).toEqual(['x', 'y']);
    expect(rawAccesses('v[#] = load_x#(at); x#[at]')).toEqual(['x#']);
  });
});
