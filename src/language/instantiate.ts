import type { Context } from './context.ts';
import { type Host, itemsOf, runDeclarations } from './declarations.ts';
import { Env, type ModuleScope } from './env.ts';
import { takeParameter } from './origins.ts';
import { type ApplicationValue, ERROR, type InstanceValue, type Value } from './values.ts';

/** Creates the instance of a block at `path`, with all that is declared in it. */
export function instantiate(c: Context, application: ApplicationValue, path: string): Value {
  const { block, args, span } = application;
  const { component } = block;
  const name = component.name.name;
  const start = c.building.findIndex((b) => b.component === component);
  if (start >= 0) {
    const cycle = [...c.building.slice(start).map((b) => b.component.name.name), name].join(' → ');
    c.report('recursive-block', span, { name, path: cycle });
    return ERROR;
  }
  const env = new Env(block.scope);
  const instance: InstanceValue = {
    kind: 'instance',
    component,
    path,
    env,
    broken: false,
    forward: undefined,
  };
  for (const param of component.params) {
    const given = args.get(param.name.name);
    let value: Value = ERROR;
    const what = `\`${param.name.name}\` of ${name}`;
    if (given) value = takeParameter(c, env, what, param, 'argument', given);
    else if (param.default) {
      const own = { value: c.evaluate(param.default, env), span: param.default.span };
      value = takeParameter(c, env, what, param, 'default', own);
    }
    if (value.kind === 'error') instance.broken = true;
    env.set(param.name.name, value);
  }
  c.modules.push({ path, block: name });
  c.building.push({ component, path });
  try {
    c.limits.called(span, () => runBody(c, instance, block.scope));
  } finally {
    c.building.pop();
  }
  return instance;
}

function runBody(c: Context, instance: InstanceValue, scope: ModuleScope): void {
  const { component, path, env } = instance;
  const host: Host = {
    name: component.name.name,
    path,
    env,
    declared: new Set(),
    indexed: new Map(),
    instance,
    model: undefined,
    refused: false,
    fail: () => {
      instance.broken = true;
    },
  };
  runDeclarations(c, itemsOf(component.body, scope), host);
}
