import type { Block, Expression } from '../wgsl/tree.ts';
import { isSame, U32 } from '../wgsl/types.ts';
import { blocksOf, calleesOf, expressionsOf, operandsOf } from '../wgsl/walk.ts';
import type { Graph } from './graph.ts';
import { addressOf, type Linear, linearOf, sum } from './linear.ts';
import { nonZero } from './operators.ts';
import type { Node } from './region.ts';

/** A number that grows with a counter, by one with each turn, and is divided by what stays as it is. */
interface Divided {
  /** At the beginning of the run. */
  readonly first: Node;
  readonly divisor: Node;
}

/**
 * Turns of a loop in which quotients of its counter stay what they are, so that remainders grow by one: `(i / d) % m * s`
 * is a constant there, and `i % d` lies side by side. First the quotients of the body are found ({@link seek}), which
 * gives the end of the run, then the body is made again with its quotients known.
 */
export class Runs {
  private readonly g: Graph;
  /** The counter at the beginning of the run. */
  private readonly start: Node;
  /** By their quotients. */
  private readonly known = new Map<Node, Divided>();
  private seeking = true;
  private counter: Node;
  private lane = 0;

  constructor(g: Graph, start: Node) {
    this.g = g;
    this.start = start;
    this.counter = start;
  }

  /** From here on `counter`, which lies `lane` before what the body takes for the counter, counts the turns. */
  at(counter: Node, lane: number): void {
    this.counter = counter;
    this.lane = lane;
  }

  /** `a / b` or `a % b` of u32 by a quotient of the run; `undefined` where it is none. */
  divided(op: '/' | '%', a: Node, b: Node): Node | undefined {
    const { g } = this;
    if (b.op === 'i32.const' || this.varies(b)) return undefined;
    const { terms, constant } = linearOf(a);
    if (terms.get(this.counter) !== 1) return undefined;
    const others = new Map(terms);
    others.delete(this.counter);
    if ([...others.keys()].some((n) => this.varies(n))) return undefined;
    const rest: Linear = { terms: others, constant: (constant - this.lane) | 0 };
    const first = this.nodeOf(sum(rest, linearOf(this.start)));
    const divisor = nonZero(g, b);
    const quotient = g.op('i32.div_u', first, divisor);
    if (!this.known.has(quotient)) {
      if (!this.seeking) return undefined;
      this.known.set(quotient, { first, divisor });
    }
    return op === '/' ? quotient : g.op('i32.sub', a, g.op('i32.mul', quotient, divisor));
  }

  /** Where the run ends, at `last` at the latest, which lies behind the start. */
  end(last: Node): Node {
    const { g, start } = this;
    this.seeking = false;
    const less = (a: Node, b: Node) => g.op('select', a, b, g.op('i32.lt_u', a, b));
    let turns = g.op('i32.sub', g.op('i32.sub', last, start), g.i32(1));
    for (const [quotient, { first, divisor }] of this.known) {
      const remainder = g.op('i32.sub', first, g.op('i32.mul', quotient, divisor));
      turns = less(turns, g.op('i32.sub', g.op('i32.sub', divisor, g.i32(1)), remainder));
      // What is below 0 wraps around, and has another quotient there.
      turns = less(turns, g.op('i32.sub', g.i32(-1), first));
    }
    return g.op('i32.add', g.op('i32.add', start, turns), g.i32(1));
  }

  /** Whether something changes from turn to turn. */
  private varies(n: Node): boolean {
    return this.counter.early.holds(n.early);
  }

  private nodeOf(l: Linear): Node {
    const { address, offset } = addressOf(this.g, l);
    return this.g.op('i32.add', address, this.g.i32(offset));
  }
}

/** Whether a block, or what it calls, divides whole numbers without sign. */
export function divides(block: Block): boolean {
  const inExpression = (e: Expression): boolean =>
    (e.kind === 'binary' && (e.op === '/' || e.op === '%') && isSame(e.type, U32)) ||
    operandsOf(e).some(inExpression);
  const own = block.some(
    (s) =>
      (s.kind === 'assign' && (s.op === '/' || s.op === '%') && isSame(s.place.type, U32)) ||
      expressionsOf(s).some(inExpression) ||
      blocksOf(s).some(divides),
  );
  return own || [...calleesOf(block)].some((f) => divides(f.body));
}
