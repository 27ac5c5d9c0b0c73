import type { Component, Parameter } from '../../grammar/ast.ts';
import { pow } from '../math.ts';
import { float, int, type Value } from './values.ts';

/** Small numbers for sizes, counts and factors; each parameter begins with another one. */
const SMALL = [4, 8, 2, 16, 3, 1, 6, 32];

/** Choices of arguments that are tried of one block. */
const MOST_CHOICES = 24;

/**
 * Arguments for the parameters of a block that have no default, to check it by itself: the likeliest choices first, in
 * which parameters differ from each other. Each is by parameter.
 */
export function sampleArguments({ params, body }: Component): ReadonlyMap<string, Value>[] {
  const free = params.filter((p) => !p.default);
  const strings = stringsIn(body);
  const samples = free.map((p, i) => valuesOf(p, i, strings));
  return indexTuples(samples.map((s) => s.length)).map((indices) => {
    const chosen = new Map<string, Value>();
    free.forEach(({ name, type }, i) => {
      const value = samples[i][indices[i]];
      chosen.set(name.name, type.kind === 'vector' ? ofLength(value, type.length, chosen) : value);
    });
    return chosen;
  });
}

/** Values for an argument of `forward` or `def`, by its type; `undefined` for one that cannot be made up. */
export function sampleOfType(type: string): Value | undefined {
  return valuesOfElement(type, 0, [])[0];
}

function valuesOf({ type }: Parameter, index: number, strings: readonly string[]): readonly Value[] {
  if (type.kind === 'name') return valuesOfElement(type.name, index, strings);
  if (type.kind === 'elements') {
    const columns = type.elements.map((e, i) => valuesOfElement(e.name, index + i, strings));
    const rows = Math.min(...columns.map((c) => c.length));
    return Array.from({ length: rows }, (_, i) => ({ kind: 'vector', items: columns.map((c) => c[i]) }));
  }
  // The length is put right once the other arguments are known.
  return valuesOfElement(type.element.name, index, strings).map((v) => ({ kind: 'vector', items: [v] }));
}

function valuesOfElement(type: string, index: number, strings: readonly string[]): readonly Value[] {
  switch (type) {
    case 'int':
      return SMALL.map((_, i) => int(SMALL[(i + index) % SMALL.length]));
    case 'float':
      return [float(0.5), float(1), float(0), int(2)];
    case 'bool':
      return [false, true].map((value) => ({ kind: 'bool', value }));
    case 'string':
      return ['', ...strings].map((value) => ({ kind: 'string', value }));
    case 'init':
      return [{ kind: 'init', init: { kind: 'zeros', args: {} } }];
    default:
      return [];
  }
}

/** Whole numbers double from entry to entry, as widths of stages do. */
function ofLength(
  value: Value,
  length: Extract<Parameter['type'], { kind: 'vector' }>['length'],
  chosen: ReadonlyMap<string, Value>,
): Value {
  if (value.kind !== 'vector') return value;
  const [first] = value.items;
  const named = length.kind === 'name' ? chosen.get(length.name) : undefined;
  const count = length.kind === 'int' ? length.value : named?.kind === 'rational' ? named.num : 2;
  const entry = (i: number) => (first.kind === 'rational' ? int(first.num * pow(2, i)) : first);
  return { kind: 'vector', items: Array.from({ length: Math.min(count, 16) }, (_, i) => entry(i)) };
}

/** Indices below the given counts, those of the smallest sum first. */
function indexTuples(counts: readonly number[]): number[][] {
  const found: number[][] = [];
  const extend = (tuple: readonly number[], left: number): void => {
    if (found.length >= MOST_CHOICES) return;
    const count = counts[tuple.length];
    if (count === undefined) {
      if (left === 0) found.push([...tuple]);
      return;
    }
    for (let i = 0; i < Math.min(count, left + 1); i++) extend([...tuple, i], left - i);
  };
  const most = counts.reduce((sum, n) => sum + n - 1, 0);
  for (let sum = 0; sum <= most && found.length < MOST_CHOICES; sum++) extend([], sum);
  return found;
}

/** Texts that a body compares with, likely values of its parameters. */
function stringsIn(node: unknown): string[] {
  if (Array.isArray(node)) return [...new Set(node.flatMap(stringsIn))];
  if (typeof node !== 'object' || node === null) return [];
  const { kind, value } = node as { kind?: unknown; value?: unknown };
  if (kind === 'string' && typeof value === 'string') return [value];
  return [...new Set(Object.values(node).flatMap(stringsIn))];
}
