import type { Block, Expression, FunctionTree, ModuleTree, Variable } from '../wgsl/tree.ts';
import { elementOf } from '../wgsl/types.ts';
import { blocksOf, expressionsOf, operandsOf } from '../wgsl/walk.ts';
import { rootVariable } from './places.ts';

/** Variables and results of functions whose whole numbers may come from memory: class ids, bits of floats. */
export interface Taint {
  readonly variables: ReadonlySet<Variable>;
  readonly functions: ReadonlySet<FunctionTree>;
}

const isWhole = (e: Expression) => ['i32', 'u32'].includes(elementOf(e.type)?.name ?? '');
const isReal = (e: Expression) => ['f32', 'f16'].includes(elementOf(e.type)?.name ?? '');

export function taintOf({ entry }: ModuleTree): Taint {
  const variables = new Set<Variable>();
  const functions = new Set<FunctionTree>();
  const tainted = (e: Expression): boolean => {
    if (e.kind === 'variable') return variables.has(e.variable);
    if (e.kind === 'index') {
      const root = rootVariable(e);
      if (root && (root.space === 'storage' || root.space === 'workgroup')) return isWhole(e);
    }
    if ((e.kind === 'convert' || e.kind === 'bitcast') && isWhole(e) && isReal(e.operand)) return true;
    if (e.kind === 'call' && functions.has(e.callee)) return true;
    return operandsOf(e).some(tainted);
  };
  let before = -1;
  const seen = new Set<FunctionTree>();
  const inExpression = (e: Expression): void => {
    if (e.kind === 'call') {
      e.args.forEach((a, k) => {
        if (tainted(a)) variables.add(e.callee.parameters[k]);
      });
      if (!seen.has(e.callee)) {
        seen.add(e.callee);
        inBlock(e.callee.body, e.callee);
      }
    }
    operandsOf(e).forEach(inExpression);
  };
  const inBlock = (block: Block, of: FunctionTree): void => {
    for (const s of block) {
      if ((s.kind === 'declare' || s.kind === 'return') && s.value && tainted(s.value)) {
        if (s.kind === 'declare') variables.add(s.variable);
        else functions.add(of);
      }
      if (s.kind === 'assign' && tainted(s.value)) {
        const root = rootVariable(s.place);
        if (root) variables.add(root);
      }
      expressionsOf(s).forEach(inExpression);
      for (const b of blocksOf(s)) inBlock(b, of);
    }
  };
  // Until nothing is added: what comes later in a loop reaches its head.
  while (before !== variables.size + functions.size) {
    before = variables.size + functions.size;
    seen.clear();
    inBlock(entry.body, entry);
  }
  return { variables, functions };
}
