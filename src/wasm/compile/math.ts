import type { Graph } from './graph.ts';
import type { Node } from './region.ts';

/**
 * exp, log and their like, on one f32 or with `quad` on four: range reduction and polynomials, those of Cephes
 * (S. Moshier, expf, logf, tanhf). A test holds them to 2 units in the last place; denormal numbers, infinity and NaN
 * included.
 */
export class Real {
  private readonly g: Graph;
  private readonly quad: boolean;
  private readonly f: string;
  private readonly i: string;

  constructor(g: Graph, quad: boolean) {
    this.g = g;
    this.quad = quad;
    this.f = quad ? 'f32x4' : 'f32';
    this.i = quad ? 'i32x4' : 'i32';
  }

  real(x: number): Node {
    return this.quad ? this.g.op('f32x4.splat', this.g.f32(x)) : this.g.f32(x);
  }
  word(x: number): Node {
    return this.quad ? this.g.op('i32x4.splat', this.g.i32(x)) : this.g.i32(x);
  }
  add = (a: Node, b: Node) => this.g.op(`${this.f}.add`, a, b);
  sub = (a: Node, b: Node) => this.g.op(`${this.f}.sub`, a, b);
  mul = (a: Node, b: Node) => this.g.op(`${this.f}.mul`, a, b);
  div = (a: Node, b: Node) => this.g.op(`${this.f}.div`, a, b);
  less = (a: Node, b: Node) => this.g.op(`${this.f}.lt`, a, b);
  apply = (name: string, a: Node) => this.g.op(`${this.f}.${name}`, a);
  private whole = (name: string, a: Node, b: Node) => this.g.op(`${this.i}.${name}`, a, b);
  private shift = (name: string, a: Node, by: number) => this.g.op(`${this.i}.${name}`, a, this.g.i32(by));
  private and = (a: Node, b: Node) => this.g.op(this.quad ? 'v128.and' : 'i32.and', a, b);
  private or = (a: Node, b: Node) => this.g.op(this.quad ? 'v128.or' : 'i32.or', a, b);
  private bits = (a: Node) => (this.quad ? a : this.g.op('i32.reinterpret_f32', a));
  private ofBits = (a: Node) => (this.quad ? a : this.g.op('f32.reinterpret_i32', a));
  private toReal = (a: Node) => this.g.op(this.quad ? 'f32x4.convert_i32x4_s' : 'f32.convert_i32_s', a);

  /** `condition ? yes : no` */
  choose(condition: Node, yes: Node, no: Node): Node {
    return this.quad
      ? this.g.op('v128.bitselect', yes, no, condition)
      : this.g.op(yes.rep === 'i32' ? 'select' : 'select_f32', yes, no, condition);
  }

  /** WGSL's choice: the first one unless the second one is less. */
  min = (a: Node, b: Node) =>
    this.quad ? this.g.op('f32x4.pmin', a, b) : this.choose(this.less(b, a), b, a);
  max = (a: Node, b: Node) =>
    this.quad ? this.g.op('f32x4.pmax', a, b) : this.choose(this.less(a, b), b, a);

  private polynomial(x: Node, first: number, ...rest: readonly number[]): Node {
    return rest.reduce((sum, c) => this.add(this.mul(sum, x), this.real(c)), this.real(first));
  }

  /**
   * The nearest whole number of one below 2²², as f32 and as i32: a sum with 1.5 · 2²³ rounds to whole numbers, and holds
   * them in its last bits. Cheaper than conversions, which ask what is no number of 32 bits.
   */
  private rounded(x: Node): { readonly real: Node; readonly whole: Node } {
    const large = 1.5 * 2 ** 23;
    const sum = this.add(x, this.real(large));
    return {
      real: this.sub(sum, this.real(large)),
      whole: this.whole('sub', this.bits(sum), this.word(0x4b400000)),
    };
  }

  /** e^r · 2^n, |r| ≤ 0.35 and n from -151 on. */
  private scaledExp(r: Node, n: Node): Node {
    const inner = this.polynomial(
      r,
      1.98756915e-4,
      1.39819995e-3,
      8.33345191e-3,
      4.16657959e-2,
      1.66666655e-1,
      0.500000012,
    );
    const e = this.add(this.add(this.mul(this.mul(r, r), inner), r), this.real(1));
    // In two steps: neither 2^128 nor 2^-150 is a normal number.
    const half = this.shift('shr_s', n, 1);
    const power = (k: Node) => this.ofBits(this.shift('shl', this.whole('add', k, this.word(127)), 23));
    return this.mul(this.mul(e, power(half)), power(this.whole('sub', n, half)));
  }

  exp(x: Node): Node {
    const bounded = this.min(this.max(x, this.real(-104)), this.real(89));
    const { real: n, whole } = this.rounded(this.mul(bounded, this.real(Math.LOG2E)));
    const high = this.sub(bounded, this.mul(n, this.real(0.693359375)));
    return this.scaledExp(this.add(high, this.mul(n, this.real(2.1219444e-4))), whole);
  }

  exp2(x: Node): Node {
    const bounded = this.min(this.max(x, this.real(-151)), this.real(129));
    const { real: n, whole } = this.rounded(bounded);
    return this.scaledExp(this.mul(this.sub(bounded, n), this.real(Math.LN2)), whole);
  }

  /** x = m · 2^e with m from √½ to √2: `[log(m) - (m - 1), m - 1, e]`. */
  private logParts(x: Node): readonly [Node, Node, Node] {
    const tiny = this.less(x, this.real(2 ** -126));
    const bits = this.bits(this.choose(tiny, this.mul(x, this.real(2 ** 23)), x));
    const root = this.word(0x3f3504f3);
    const e = this.shift('shr_s', this.whole('sub', bits, root), 23);
    const f = this.sub(this.ofBits(this.whole('sub', bits, this.shift('shl', e, 23))), this.real(1));
    const exponent = this.sub(this.toReal(e), this.choose(tiny, this.real(23), this.real(0)));
    const series = this.polynomial(
      f,
      ...([7.0376836e-2, -0.115146103, 0.116769987, -0.124201408, 0.142493228] as const),
      ...([-0.166680577, 0.200007148, -0.24999994, 0.333333312] as const),
    );
    return [this.mul(this.mul(series, f), this.mul(f, f)), f, exponent];
  }

  /** What has no logarithm: 0, what is negative, infinity, NaN. */
  private logEnds(x: Node, log: Node): Node {
    const zero = this.g.op(`${this.f}.eq`, x, this.real(0));
    const ends = this.choose(zero, this.real(Number.NEGATIVE_INFINITY), log);
    const negative = this.choose(this.less(x, this.real(0)), this.ofBits(this.word(0x7fc00000)), ends);
    const beyond = this.whole('gt_s', this.bits(x), this.word(0x7f7fffff));
    return this.choose(beyond, x, negative);
  }

  log(x: Node): Node {
    const [tail, f, e] = this.logParts(x);
    const low = this.sub(
      this.sub(tail, this.mul(e, this.real(2.1219444e-4))),
      this.mul(this.mul(f, f), this.real(0.5)),
    );
    return this.logEnds(x, this.add(this.add(f, low), this.mul(e, this.real(0.693359375))));
  }

  log2(x: Node): Node {
    const [tail, f, e] = this.logParts(x);
    const log = this.add(f, this.sub(tail, this.mul(this.mul(f, f), this.real(0.5))));
    return this.logEnds(x, this.add(this.mul(log, this.real(Math.LOG2E)), e));
  }

  tanh(x: Node): Node {
    const size = this.apply('abs', x);
    const square = this.mul(x, x);
    const series = this.polynomial(
      square,
      -5.70498873e-3,
      2.06390888e-2,
      -5.37397156e-2,
      0.133314422,
      -0.333332819,
    );
    const near = this.add(this.mul(this.mul(series, square), x), x);
    const e = this.exp(this.add(size, size));
    const far = this.sub(this.real(1), this.div(this.real(2), this.add(e, this.real(1))));
    const signed = this.ofBits(this.or(this.bits(far), this.and(this.bits(x), this.word(-(2 ** 31)))));
    return this.choose(this.less(size, this.real(0.625)), near, signed);
  }

  inverseSqrt(x: Node): Node {
    return this.div(this.real(1), this.apply('sqrt', x));
  }

  /** NaN and zeros stay what they are. */
  sign(x: Node): Node {
    const zero = this.real(0);
    return this.choose(this.less(zero, x), this.real(1), this.choose(this.less(x, zero), this.real(-1), x));
  }

  fma(a: Node, b: Node, c: Node): Node {
    return this.add(this.mul(a, b), c);
  }
}
