import type { Manifest } from '../bundle/manifest.ts';

/** A plan as text: buffers, tensors with a place of their own, and each dispatch with what it binds. */
export function printPlan(manifest: Manifest): string {
  const lines: string[] = [];
  const total = manifest.buffers.reduce((n, b) => n + b.size, 0);
  lines.push(`${manifest.model}, batch ${manifest.batch}: ${manifest.dispatches.length} dispatches of`);
  lines.push(`${manifest.kernels.length} kernels, ${manifest.buffers.length} buffers, ${total} bytes`, '');
  manifest.buffers.forEach((b, i) => {
    lines.push(`buffer ${i}: ${b.kind}, ${b.size} bytes`);
  });
  lines.push('');
  for (const t of manifest.tensors) {
    lines.push(
      `${t.kind} "${t.name}": ${t.dtype}[${t.shape.join(', ')}] in buffer ${t.buffer} at ${t.offset}`,
    );
  }
  lines.push('');
  for (const d of manifest.dispatches) {
    const bound = d.bindings
      .map(([buffer, offset]) => (offset ? `${buffer}+${offset}` : `${buffer}`))
      .join(' ');
    lines.push(`${manifest.kernels[d.kernel].name} <${d.workgroups.join(', ')}> (${bound})  // ${d.label}`);
  }
  return `${lines.join('\n')}\n`;
}
