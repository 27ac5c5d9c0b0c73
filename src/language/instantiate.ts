import type { Component } from '../../grammar/ast.ts';
import type { Span } from '../../grammar/span.ts';
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
    reportCycle(c, [...c.building.slice(start + 1), { component, span }]);
    return ERROR;
  }
  c.instantiated(component);
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
  c.building.push({ component, path, span });
  try {
    c.limits.called(span, () => runBody(c, instance, block.scope));
  } finally {
    c.building.pop();
  }
  return instance;
}

/**
 * Blocks that contain each other, each with the place that asks for it. It is one mistake, whichever of them the
 * model uses, so it is told from the block that is declared first.
 */
function reportCycle(c: Context, links: readonly { component: Component; span: Span }[]): void {
  const first = links.reduce((a, b, i) => (isBefore(b.component, links[a].component) ? i : a), 0);
  const inOrder = [...links.slice(first), ...links.slice(0, first)];
  const names = inOrder.map((l) => l.component.name.name);
  c.report(
    'recursive-block',
    inOrder[0].span,
    { name: names[0], path: [...names, names[0]].join(' → ') },
    {
      labels: inOrder.map(({ span }, i) => ({
        span,
        text: `${names[(i + names.length - 1) % names.length]} contains ${names[i]}`,
      })),
    },
  );
}

function isBefore({ name: { span: a } }: Component, { name: { span: b } }: Component): boolean {
  return a.file === b.file ? a.start < b.start : a.file < b.file;
}

function runBody(c: Context, instance: InstanceValue, scope: ModuleScope): void {
  const { component, path, env } = instance;
  const host: Host = {
    name: component.name.name,
    path,
    env,
    declared: new Map(),
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
