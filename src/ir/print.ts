import type { Attr, Graph, Value, ValueId } from './graph.ts';

/**
 * A graph as text, one line a node, with types:
 * `%12: f32[1, 96, 80, 80] = conv2d(%3, %4) stride=<2, 2>  // encoder.stem`
 */
export function printGraph(graph: Graph): string {
  const lines: string[] = [];
  for (const { kind, name, value, initial } of graph.sources) {
    const first = initial === undefined ? '' : ` initial=${initial}`;
    lines.push(`${kind} ${typed(graph.values[value])} "${name}"${first}`);
  }
  for (const node of graph.nodes) {
    const outputs = node.outputs.map((v) => typed(graph.values[v])).join(', ');
    const operands = node.inputs.map((v) => `%${v}`).join(', ');
    const attrs = Object.entries(node.attrs).map(([key, value]) => ` ${key}=${attr(value)}`);
    const scope = node.scope ? `  // ${node.scope}` : '';
    lines.push(`${outputs} = ${node.op}(${operands})${attrs.join('')}${scope}`);
  }
  for (const { sources, value } of graph.updates)
    lines.push(`update ${sources.map(id).join(', ')} = %${value}`);
  for (const { name, value } of graph.outputs) lines.push(`output "${name}" = %${value}`);
  return `${lines.join('\n')}\n`;
}

const id = (v: ValueId) => `%${v}`;

const typed = (v: Value) =>
  `%${v.id}: ${v.dtype}[${v.shape.join(', ')}]${v.storage === undefined ? '' : ` in ${v.storage}`}`;

function attr(value: Attr): string {
  if (typeof value === 'string') return JSON.stringify(value);
  return typeof value === 'object' ? `<${value.join(', ')}>` : String(value);
}
