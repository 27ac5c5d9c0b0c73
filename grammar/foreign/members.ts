import type { IToken } from 'chevrotain';
import { isName } from '../layout.ts';
import * as t from '../tokens.ts';
import { foreignNames } from './names.ts';
import { type ForeignReport, MAX_LOOK, tokenAt } from './report.ts';

/** Modules that functions of Python stand in. */
const modules = new Set([
  ...[
    'torch',
    'nn',
    'F',
    'functional',
    'np',
    'numpy',
    'math',
    'tf',
    'keras',
    'layers',
    'init',
    'timm',
    'einops',
  ],
]);

/** `x.y`: the dot of other languages, which has no meaning here. */
export class Members {
  private readonly tokens: readonly IToken[];
  private readonly out: IToken[];
  private readonly text: string;
  private readonly report: ForeignReport;

  constructor(tokens: readonly IToken[], out: IToken[], text: string, report: ForeignReport) {
    this.tokens = tokens;
    this.out = out;
    this.text = text;
    this.report = report;
  }

  /** Writes what stands for the dot at `i`; how many tokens after it are taken. */
  take(i: number): number {
    const [dot, name] = [this.tokens[i], this.tokens[i + 1]];
    const target = this.out.at(-1);
    if (target?.tokenType === t.Int && !(name && isName(name))) return this.number(dot, target);
    if (!name || !isName(name) || !target) {
      this.report.add(dot, '`.` has no meaning alone', 'remove it');
      return 0;
    }
    const called = this.tokens[i + 2]?.tokenType === t.LParen;
    const form = called ? `${name.image}(…)` : name.image;
    if (target.image === 'self' || target.image === 'this') {
      this.out.pop();
      const what = "a block's own parts go by their names alone";
      this.report.addOutsideBodies(
        target,
        what,
        `\`${called ? `${name.image}(${this.argument(i + 2)})` : name.image}\``,
      );
      return 0;
    }
    if (modules.has(target.image)) {
      this.out.pop();
      const last = this.lastMember(i);
      const instead = Object.hasOwn(foreignNames, last) ? foreignNames[last] : `\`${last}(…)\``;
      this.report.add(target, 'functions and blocks go by their names alone', instead);
      return 0;
    }
    const object = isName(target) ? target.image : 'x';
    if (called && isName(target) && ['append', 'extend', 'insert'].includes(name.image))
      return this.grow(dot, i, target);
    this.report.add(dot, 'values have no members', this.instead(object, name.image, called, i, form));
    // `x.f(a)` is f(x, a), as `x |> f(a)` is; what else it may be is not told on the same line.
    this.out.push(tokenAt(dot, t.Pipe, '|>'));
    return 0;
  }

  private number(dot: IToken, target: IToken): number {
    this.report.add(dot, 'a number has digits on both sides of its dot', `\`${target.image}.0\``);
    this.out.pop();
    this.out.push(tokenAt(target, t.Float, `${target.image}.0`));
    return 0;
  }

  private instead(object: string, name: string, called: boolean, i: number, form: string): string {
    if (name === 'shape' || name === 'size') {
      const axis = this.tokens[i + 3]?.tokenType === t.Int ? this.tokens[i + 3].image : undefined;
      return axis === undefined ? `\`shape(${object})\`` : `\`shape(${object})[${axis}]\``;
    }
    if (name === 'T') return `\`transpose(${object}, axis0: 0, axis1: 1)\``;
    if (name === 'append' || name === 'extend' || name === 'insert') return '`xs = xs + [x]`';
    if (name === 'pop') return '`xs[-1]`, and `xs[0..len(xs) - 1]` without it';
    if (!called) return 'what a part computes is the result of its `forward`, which may be a list';
    if (['to', 'cuda', 'cpu', 'contiguous', 'detach', 'clone'].includes(name)) return 'leave it out';
    if (Object.hasOwn(foreignNames, name)) return foreignNames[name];
    return this.tokens[i + 3]?.tokenType === t.RParen
      ? `\`${name}(${object})\`, or \`${object} |> ${name}\``
      : `\`${name}(${object}, …)\`, or \`${object} |> ${form}\``;
  }

  /** `skips.append(x)` is `skips = skips + [x]`, `skips.extend(xs)` is `skips = skips + xs`. */
  private grow(dot: IToken, i: number, target: IToken): number {
    const close = this.closing(i + 2);
    const item = this.argument(i + 2);
    const method = this.tokens[i + 1].image;
    const { image } = target;
    const list = method === 'extend';
    let from = i + 3;
    let grown = `${image} + ${list ? item : `[${item}]`}`;
    if (method === 'insert') {
      const [place, comma] = this.tokens.slice(from, close);
      if (comma?.tokenType === t.Comma) from += 2;
      const n = comma?.tokenType === t.Comma ? place.image : 'n';
      grown = n === '0' ? `[x] + ${image}` : `${image}[0..${n}] + [x] + ${image}[${n}..len(${image})]`;
    }
    this.report.add(dot, 'lists do not change', `\`${image} = ${grown}\``);
    const end = this.tokens[Math.min(close, this.tokens.length - 1)];
    this.out.push(
      tokenAt(dot, t.Equals, '='),
      tokenAt(target, target.tokenType, image),
      tokenAt(dot, t.Plus, '+'),
      tokenAt(this.tokens[i + 2], list ? t.LParen : t.LSquare, list ? '(' : '['),
      ...this.tokens.slice(from, close),
      tokenAt(end, list ? t.RParen : t.RSquare, list ? ')' : ']'),
    );
    return close - i;
  }

  private closing(open: number): number {
    let depth = 0;
    const end = Math.min(this.tokens.length, open + MAX_LOOK);
    for (let i = open; i < end; i++) {
      const { tokenType } = this.tokens[i];
      if (tokenType === t.LParen || tokenType === t.LSquare) depth++;
      if (tokenType === t.RParen || tokenType === t.RSquare) depth--;
      if (depth === 0 || tokenType === t.NewLine) return i;
    }
    return end;
  }

  /** The text between the bracket at `open` and its partner, if it is short. */
  private argument(open: number): string {
    const close = this.tokens[this.closing(open)];
    const text = close ? this.text.slice(this.tokens[open].startOffset + 1, close.startOffset).trim() : '';
    return /^[^\n\r.=']{1,40}$/.test(text) ? text : '…';
  }

  /** `relu` of `torch.nn.functional.relu`. */
  private lastMember(dot: number): string {
    let i = dot;
    while (
      i < dot + MAX_LOOK &&
      this.tokens[i + 2]?.image === '.' &&
      isName(this.tokens[i + 3] ?? this.tokens[i])
    )
      i += 2;
    return this.tokens[i + 1].image;
  }
}
