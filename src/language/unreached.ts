import type { Span } from '../../grammar/span.ts';
import type { Graph, ValueId } from '../ir/graph.ts';
import type { Context } from './context.ts';
import type { Parameter } from './model.ts';
import { showPath, type Value } from './values.ts';

/** An instance while the model is worked through, for what reaches no output. */
export interface InstanceUse {
  /** Of its declaration. */
  readonly span: Span;
  /** Tensors that its calls gave. */
  readonly results: ValueId[];
}

/** What is noted of a model for its warnings. */
export class UseNotes {
  /** By path, outer ones first. */
  readonly instances = new Map<string, InstanceUse>();
  /**
   * Tensors that count as reached: those of outputs whose condition is false here, and those of names that nothing
   * reads, which is warned about there.
   */
  readonly excused: ValueId[] = [];
  /** Places of declarations that are known to be unused. */
  private readonly unused: ReadonlySet<string>;

  constructor(unused: ReadonlySet<string>) {
    this.unused = unused;
  }

  isUnused({ file, start }: Span): boolean {
    return this.unused.has(`${file} ${start}`);
  }

  bound(span: Span, value: Value): void {
    if (this.isUnused(span)) this.excused.push(...tensorsIn(value));
  }

  called(path: string, value: Value): void {
    this.instances.get(path)?.results.push(...tensorsIn(value));
  }
}

export function tensorsIn(value: Value): ValueId[] {
  if (value.kind === 'tensor') return [value.id];
  return value.kind === 'list' ? value.items.flatMap(tensorsIn) : [];
}

/** Names that one warning lists. */
const LISTED = 3;

/**
 * Warns of parameters on which no output depends, once a declaration: at the outermost instance that is of no use, else
 * at the parameter. Where that stands in a file that comes with archc, its user is to blame only if a result that
 * depends on the parameter was given and not used.
 */
export function warnUnreached(
  c: Pick<Context, 'parameters' | 'notes' | 'own' | 'report'>,
  graph: Graph,
): void {
  const live = ancestors(graph, [...graph.outputs.map((o) => o.value), ...c.notes.excused]);
  const lost = c.parameters.filter((p) => !live.has(p.value));
  if (lost.length === 0) return;
  const used = c.parameters.filter((p) => live.has(p.value));
  const found = new Map<string, { span: Span; names: Set<string> }>();
  const add = (span: Span, name: string) => {
    const key = `${span.file} ${span.start}`;
    const entry = found.get(key) ?? { span, names: new Set() };
    entry.names.add(`\`${showPath(name)}\``);
    found.set(key, entry);
  };
  for (const parameter of lost) {
    const chain = instancesAround(parameter, c.notes);
    const dead = chain.find(
      ([path, { results }]) =>
        !results.some((r) => live.has(r)) && !used.some((p) => p.name.startsWith(`${path}.`)),
    );
    const [name, span] = dead ? [dead[0], dead[1].span] : [parameter.name, parameter.span];
    if (c.own.has(span.file)) {
      add(span, name);
      continue;
    }
    const giver = chain
      .filter(([, { span: at, results }]) => c.own.has(at.file) && results.length > 0)
      .at(-1);
    if (giver && ancestors(graph, giver[1].results).has(parameter.value)) add(giver[1].span, name);
  }
  for (const { span, names } of found.values()) {
    if (c.notes.isUnused(span)) continue;
    const listed = [...names].slice(0, LISTED).join(', ');
    const more = names.size > LISTED ? ` and ${names.size - LISTED} more` : '';
    c.report('unreached', span, { what: `${listed}${more}` });
  }
}

/** The instances that a parameter is in, outermost first. */
function instancesAround({ name }: Parameter, notes: UseNotes): (readonly [string, InstanceUse])[] {
  const parts = name.split('.');
  return parts.flatMap((_, i) => {
    const path = parts.slice(0, i).join('.');
    const use = notes.instances.get(path);
    return use ? [[path, use] as const] : [];
  });
}

/** The values that `from` depend on, and themselves. */
function ancestors(graph: Graph, from: readonly ValueId[]): ReadonlySet<ValueId> {
  const found = new Set(from);
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const { inputs, outputs } = graph.nodes[i];
    if (outputs.some((o) => found.has(o))) for (const v of inputs) found.add(v);
  }
  return found;
}
