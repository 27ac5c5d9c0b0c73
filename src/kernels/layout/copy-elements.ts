import { stridesOf } from '../../ir/graph.ts';
import type { ElementOf, ScatterOf, UniformType } from '../../ir/kernel.ts';
import type { CopyAxis } from './strided-copy.ts';

/**
 * Where an element of the source goes; `undefined` where that is not found by dividing its place axis by axis.
 *
 * @param rows only where neighbours stay neighbours
 */
export function scatterOf(
  axes: readonly CopyAxis[],
  base: number,
  count: number,
  rows: boolean,
): ScatterOf | undefined {
  const targets = stridesOf(axes.map((a) => a.size));
  const sorted = axes.map((a, k) => ({ ...a, to: targets[k] })).sort((a, b) => b.stride - a.stride);
  if (base < 0 || sorted.some((a) => a.stride <= 0)) return undefined;
  const extents = sorted.map((a, k) =>
    k === 0 ? Math.ceil(count / a.stride) : sorted[k - 1].stride / a.stride,
  );
  if (extents.some((n, k) => !Number.isInteger(n) || sorted[k].size > n)) return undefined;
  const last = sorted[sorted.length - 1];
  if (rows && (last.stride > 1 || last.to > 1)) return undefined;
  const uniforms: [string, UniformType, number][] = base > 0 ? [['base', 'u32', base]] : [];
  sorted.forEach((a, k) => {
    uniforms.push([`stride${k}`, 'u32', a.stride], [`size${k}`, 'u32', a.size]);
    if (!rows || a !== last) uniforms.push([`to${k}`, 'u32', a.to]);
  });
  return {
    divisions: sorted.length - (last.stride === 1 ? 1 : 0),
    divisionsApart: 0,
    uniforms,
    lines: (p) => {
      const lines = [base > 0 ? `var rest = i - ${p('base')};` : 'var rest = i;'];
      const inside = base > 0 ? [`i >= ${p('base')}`] : [];
      sorted.forEach((a, k) => {
        if (a.stride === 1) lines.push(`let c${k} = rest;`);
        else lines.push(`let c${k} = rest / ${p(`stride${k}`)};`, `rest -= c${k} * ${p(`stride${k}`)};`);
        // Below `base` the places wrap around, and end outside of some axis or of this one.
        if (a.size < extents[k]) inside.push(`c${k} < ${p(`size${k}`)}`);
      });
      if (last.stride > 1) inside.push('rest == 0u');
      return {
        lines,
        inside: inside.length > 0 ? inside.join(' && ') : undefined,
        at: [sorted.map((a, k) => (rows && a === last ? `c${k}` : `c${k} * ${p(`to${k}`)}`)).join(' + ')],
      };
    },
  };
}

/**
 * Where an element of the copy comes from; the same as the template finds for runs of neighbours.
 *
 * @param rows neighbours along the last axis are neighbours in the source
 */
export function elementLines(
  rank: number,
  rolled: boolean,
  bounded: boolean,
  rows: boolean,
  { load, uniform: p }: Parameters<ElementOf['lines']>[0],
): string[] {
  const lines = [`var rest = i;`, `var at = ${p('base')};`];
  for (let k = rank - 1; k >= 0; k--) {
    const size = p(`size${k}`);
    if (k > 0)
      lines.push(`let up${k} = rest / ${size};`, `let c${k} = rest - up${k} * ${size};`, `rest = up${k};`);
    else lines.push('let c0 = rest;');
    if (bounded)
      lines.push(`if (c${k} < ${p(`begin${k}`)} || c${k} >= ${p(`end${k}`)}) {`, '  return 0.0f;', '}');
    let from = `c${k}`;
    if (rolled) {
      from = `rolled${k}`;
      lines.push(
        `var ${from} = c${k} + ${p(`shift${k}`)};`,
        `${from} = select(${from}, ${from} - ${size}, ${from} >= ${size});`,
      );
    }
    lines.push(`at += i32(${from})${rows && k === rank - 1 ? '' : ` * ${p(`stride${k}`)}`};`);
  }
  return [...lines, `return ${load('x', 'u32(at)')};`];
}
