import type { FunctionDecl } from '../../grammar/ast.ts';
import type { Span } from '../../grammar/span.ts';
import { isInitialiser } from '../recipe/initialisers.ts';
import { bindArguments } from './arguments.ts';
import { callBuiltin } from './builtins.ts';
import type { Context, Given } from './context.ts';
import { Env } from './env.ts';
import { makeInitialiser } from './initialisers.ts';
import { applyOp } from './op-call.ts';
import { bindSignature, checkResult } from './shapes.ts';
import {
  type BlockValue,
  describe,
  ERROR,
  type InstanceValue,
  NONE,
  showPath,
  type Value,
} from './values.ts';

/** Calls whatever can be called. */
export function call(c: Context, callee: Value, args: readonly Given[], span: Span, env: Env): Value {
  switch (callee.kind) {
    case 'error':
      return ERROR;
    case 'instance':
      return c.callInstance(callee, args, span, env);
    case 'op':
      return applyOp(c, callee.op, args, span, env);
    case 'def': {
      const inner = new Env(callee.env.scope, callee.env);
      return c.limits.called(span, () => callFunction(c, callee.name, callee.fn, inner, args, span));
    }
    case 'block':
      return apply(c, callee, args, span);
    case 'builtin': {
      const { name } = callee.builtin;
      const op = c.ops.get(name);
      if (op && args.some((a) => a.value.kind === 'tensor')) return applyOp(c, op, args, span, env);
      if (isInitialiser(name) && !callee.builtin.apply) return makeInitialiser(c, name, args, span, env);
      return callBuiltin(c, callee.builtin, args, span);
    }
    default:
      c.report(
        'not-callable',
        span,
        { found: describe(callee) },
        callee.kind === 'indexed' ? { hint: `call one of them: \`${callee.name}[0](…)\`` } : {},
      );
      return ERROR;
  }
}

/** A block with arguments; their types are checked where the instance is made. */
function apply(c: Context, block: BlockValue, args: readonly Given[], span: Span): Value {
  const { component } = block;
  if (component.kind === 'model') {
    c.report('model-in-block', span, { name: component.name.name });
    return ERROR;
  }
  if (args.some((a) => a.value.kind === 'tensor')) {
    c.report('block-in-forward', span, { name: component.name.name });
    return ERROR;
  }
  const names = component.params.map((p) => p.name.name);
  const required = component.params.flatMap((p) => (p.default ? [] : [p.name.name]));
  const bound = bindArguments(c, component.name.name, names, required, args, span);
  return bound ? { kind: 'application', block, args: bound, span } : ERROR;
}

export function callInstance(c: Context, instance: InstanceValue, args: readonly Given[], span: Span): Value {
  const { forward } = instance;
  if (!forward) {
    if (!instance.broken) c.report('no-forward', span, { name: instance.component.name.name });
    return ERROR;
  }
  const before = c.builder.scope;
  c.building.push({ component: instance.component, path: instance.path, span });
  c.builder.scope = instance.path;
  try {
    const env = new Env(forward.env.scope, forward.env);
    const name = showPath(/[^.]*(\.\d+)*$/.exec(instance.path)?.[0] ?? '');
    const result = c.limits.called(span, () => callFunction(c, name, forward.decl.fn, env, args, span));
    c.notes.called(instance.path, result);
    if (result.kind !== 'tensor') return result;
    return { ...result, span, from: `\`${showPath(instance.path)}\`` };
  } finally {
    c.builder.scope = before;
    c.building.pop();
  }
}

function callFunction(
  c: Context,
  name: string,
  fn: FunctionDecl,
  env: Env,
  args: readonly Given[],
  span: Span,
): Value {
  const names = fn.params.map((p) => p.name.name);
  const bound = bindArguments(c, `\`${name}\``, names, names, args, span);
  if (!bound || !bindSignature(c, name, fn, bound, env, span)) return ERROR;
  const result = c.inFunction(() => c.run(fn.body, env));
  if (!result) {
    c.report('no-result', fn.span, { what: `\`${name}\`` });
    return ERROR;
  }
  if (result === NONE || !fn.result) return result;
  return checkResult(c, `the result of \`${name}\``, result, fn.result, env);
}
