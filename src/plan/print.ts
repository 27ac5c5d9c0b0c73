import type { Program, TensorInfo } from '../program/program.ts';
import { type Recomputation, recomputationText } from './budget.ts';

/** A plan as text: buffers, tensors with a place of their own, and by entry each dispatch with what it binds. */
export function printPlan(program: Program, recomputation?: Recomputation): string {
  const lines: string[] = [];
  const entries = Object.entries(program.entries);
  const total = program.buffers.reduce((n, b) => n + b.size, 0);
  const dispatches = entries.reduce((n, [, entry]) => n + entry.dispatches.length, 0);
  lines.push(`${program.model}, batch ${program.batch}: ${dispatches} dispatches of`);
  lines.push(`${program.kernels.length} kernels, ${program.buffers.length} buffers, ${total} bytes`);
  if (recomputation) lines.push(recomputationText(recomputation, (bytes) => `${bytes} bytes`));
  lines.push('');
  program.buffers.forEach((b, i) => {
    lines.push(`buffer ${i}: ${b.kind}, ${b.size} bytes`);
  });
  lines.push('');
  for (const t of program.tensors) {
    const first = t.initial === undefined ? '' : `, at first ${t.initial}`;
    lines.push(`${t.kind} ${placed(t)}${first}`);
  }
  for (const [name, { outputs, dispatches, peak }] of entries) {
    lines.push('', `entry ${name}: ${dispatches.length} dispatches, at most ${peak} bytes of values at once`);
    for (const output of outputs) lines.push(`output ${placed(output)}`);
    for (const d of dispatches) {
      const bound = d.bindings
        .map(([buffer, offset]) => (offset ? `${buffer}+${offset}` : `${buffer}`))
        .join(' ');
      lines.push(`${program.kernels[d.kernel].name} <${d.workgroups.join(', ')}> (${bound})  // ${d.label}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function placed({ name, dtype, shape, buffer, offset }: TensorInfo): string {
  return `"${name}": ${dtype}[${shape.join(', ')}] in buffer ${buffer} at ${offset}`;
}
