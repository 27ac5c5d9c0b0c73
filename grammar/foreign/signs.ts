import type { IToken, TokenType } from 'chevrotain';
import { endsOperand, isName } from '../layout.ts';
import * as t from '../tokens.ts';
import { Members } from './members.ts';
import { type ForeignReport, MAX_LOOK, tokenAt } from './report.ts';

/** Operators under another name. */
const operators: Readonly<Record<string, readonly [TokenType, string]>> = {
  '&&': [t.And, 'and'],
  '&': [t.And, 'and'],
  '||': [t.Or, 'or'],
  '|': [t.Or, 'or'],
  '!': [t.Not, 'not'],
  '~': [t.Not, 'not'],
  '===': [t.EqualEqual, '=='],
  '!==': [t.NotEqual, '!='],
  ':=': [t.Equals, '='],
  '**': [t.Caret, '^'],
};
const steps: Readonly<Record<string, readonly [TokenType, string]>> = {
  '+=': [t.Plus, '+'],
  '++': [t.Plus, '+'],
  '-=': [t.Minus, '-'],
  '*=': [t.Star, '*'],
  '/=': [t.Slash, '/'],
  '**=': [t.Caret, '^'],
};
const typeOf = new Map<TokenType, string>([
  [t.Int, 'int'],
  [t.Float, 'float'],
  [t.Text, 'string'],
  [t.True, 'bool'],
  [t.False, 'bool'],
]);

const adjoin = (a: IToken, b: IToken): boolean => (a.endOffset ?? a.startOffset) + 1 === b.startOffset;

/** `<=` and `>=` are two tokens still. */
const isComparison = (before: IToken | undefined, equals: IToken): boolean =>
  (before?.tokenType === t.Less || before?.tokenType === t.Greater) && adjoin(before, equals);

/** What an open bracket belongs to. */
type Bracket = 'call' | 'parameters' | 'signature' | 'index' | 'body' | 'other';

/** Sign by sign: what other languages write for an operator, a string, a named argument, a member. */
export function respelled(tokens: readonly IToken[], text: string, report: ForeignReport): IToken[] {
  return new Speller(tokens, text, report).run();
}

class Speller {
  private readonly out: IToken[] = [];
  private readonly brackets: Bracket[] = [];
  /** Brackets around the condition of an `if` that is being read. */
  private condition: number | undefined;
  private i = 0;
  private readonly members: Members;
  private readonly tokens: readonly IToken[];
  private readonly text: string;
  private readonly report: ForeignReport;

  constructor(tokens: readonly IToken[], text: string, report: ForeignReport) {
    this.tokens = tokens;
    this.text = text;
    this.report = report;
    this.members = new Members(tokens, this.out, text, report);
  }

  run(): IToken[] {
    for (this.i = 0; this.i < this.tokens.length; this.i++) this.take(this.tokens[this.i]);
    return this.out;
  }

  private take(token: IToken): void {
    const { tokenType } = token;
    if (tokenType === t.ForeignText) this.foreignText(token);
    else if (tokenType === t.ForeignNumber) this.foreignNumber(token);
    else if (tokenType === t.Foreign && token.image === '.') this.i += this.members.take(this.i);
    else if (tokenType === t.Foreign) this.foreignSign(token);
    else if (tokenType === t.Equals) this.equals(token);
    else if (tokenType === t.Colon && this.brackets.at(-1) === 'index') this.sliceColon(token);
    else if (tokenType === t.Semicolon && this.atStatement()) this.semicolon(token);
    else if (tokenType === t.If && this.ternary(token)) this.out.push(token);
    else if (token.image === 'is' && this.isOperator()) this.identity(token);
    else if (token.image === 'self' && this.brackets.at(-1) === 'signature') this.selfArgument(token);
    else this.plain(token);
  }

  private plain(token: IToken): void {
    const { tokenType } = token;
    if (tokenType === t.LParen || tokenType === t.LSquare || tokenType === t.LCurly) {
      if (tokenType === t.LCurly && this.condition === this.brackets.length) this.condition = undefined;
      this.brackets.push(this.kindOf(tokenType));
    } else if (tokenType === t.RParen || tokenType === t.RSquare || tokenType === t.RCurly)
      this.brackets.pop();
    else if (tokenType === t.If || tokenType === t.Require) this.condition = this.brackets.length;
    else if (tokenType === t.NewLine && this.atStatement()) this.condition = undefined;
    this.out.push(token);
  }

  private kindOf(type: TokenType): Bracket {
    const before = this.out.at(-1);
    if (type === t.LCurly) return 'body';
    if (type === t.LSquare && before?.tokenType === t.Greater && adjoin(before, this.tokens[this.i]))
      return 'index';
    if (type === t.LSquare) return endsOperand(before) && before?.tokenType !== t.RCurly ? 'index' : 'other';
    const word = this.out.at(-2)?.tokenType;
    if (word === t.Block || word === t.Model) return 'parameters';
    if (word === t.Def || before?.tokenType === t.Forward) return 'signature';
    return before && before.tokenType !== t.RCurly && endsOperand(before) ? 'call' : 'other';
  }

  private atStatement = (): boolean => this.brackets.length === 0 || this.brackets.at(-1) === 'body';

  /** The n-th token back, whatever lines it stands on. */
  private before(n: number): IToken | undefined {
    let left = n;
    for (let i = this.out.length - 1; i >= 0; i--) {
      if (this.out[i].tokenType !== t.NewLine && --left === 0) return this.out[i];
    }
    return undefined;
  }

  private end = (): number => Math.min(this.tokens.length, this.i + MAX_LOOK);

  private hasForOnLine(token: IToken): boolean {
    const start = Math.max(0, this.out.length - MAX_LOOK);
    for (let i = this.out.length - 1; i >= start && this.sameLine(this.out[i], token); i--) {
      if (this.out[i].tokenType === t.For) return true;
    }
    return false;
  }

  private next = (): IToken | undefined => this.tokens[this.i + 1];
  private sameLine = (a: IToken | undefined, b: IToken): boolean => a?.startLine === b.startLine;

  private foreignText(token: IToken): void {
    const { image } = token;
    if (image.startsWith('#') || image.startsWith('/*'))
      this.report.add(
        token,
        `\`${image.slice(0, image.startsWith('#') ? 1 : 2)}\` begins no comment`,
        '`// …`, and `/// …` above a declaration',
      );
    else if (image.startsWith('"""'))
      this.report.add(token, 'a string ends with its line', '`/// …` above a declaration describes it');
    else {
      const plain = `"${image.slice(1, -1).replaceAll('"', '\\"')}"`;
      this.report.add(token, "strings do not stand in '", `\`${plain}\``);
      this.out.push(tokenAt(token, t.Text, plain));
    }
  }

  private foreignNumber(token: IToken): void {
    const plain = token.image.startsWith('.') ? `0${token.image}` : token.image.replaceAll('_', '');
    this.report.add(token, 'a number has digits alone, on both sides of its dot', `\`${plain}\``);
    this.out.push(tokenAt(token, token.image.startsWith('.') ? t.Float : t.Int, plain));
  }

  private foreignSign(token: IToken): void {
    const { image } = token;
    const what = `there is no \`${image}\``;
    if (Object.hasOwn(operators, image)) {
      const [type, plain] = operators[image];
      const more =
        image === '**' ? ' of numbers; of tensors, `x * x`' : image === '|' ? '; `|>` passes a value on' : '';
      this.report.add(token, what, `\`${plain}\`${more}`);
      this.out.push(tokenAt(token, type, plain));
    } else if (Object.hasOwn(steps, image)) this.step(token, what);
    else if (image === '@') this.report.add(token, what, '`matmul(a, b)`, or `linear(x, weight, bias)`');
    else if (image === '?') this.report.add(token, what, '`if c { a } else { b }`');
    else this.report.add(token, what, 'name the function: `def f(x) { … }`');
    if (!Object.hasOwn(operators, image) && !Object.hasOwn(steps, image)) this.out.push(token);
  }

  /** `x += e` is `x = x + e`. */
  private step(token: IToken, what: string): void {
    const target = this.out.at(-1);
    const [type, plain] = steps[token.image];
    const name = target && isName(target) ? target : undefined;
    const written = name?.image ?? 'x';
    this.report.add(
      token,
      what,
      `\`${written} = ${written} ${plain} …\` inside \`forward\`; a constant does not change`,
    );
    this.out.push(tokenAt(token, t.Equals, '='));
    if (name) this.out.push(tokenAt(name, name.tokenType, name.image), tokenAt(token, type, plain));
    if (token.image === '++') this.out.push(tokenAt(token, t.Int, '1'));
  }

  private equals(token: IToken): void {
    const [name, comma] = [this.before(1), this.before(2)];
    const bracket = this.brackets.at(-1);
    const starts = name && isName(name) && (comma?.tokenType === t.LParen || comma?.tokenType === t.Comma);
    const value = this.next();
    const shown = value && /^[\w"][^\n]*$/.test(value.image) && value.image.length < 30 ? value.image : '…';
    if (isComparison(this.out.at(-1), token)) this.out.push(token);
    else if (bracket === 'call' && starts && this.isArgument()) {
      this.report.add(token, 'an argument is named with `:`', `\`${name.image}: ${shown}\``);
      this.out.push(tokenAt(token, t.Colon, ':'));
    } else if (bracket === 'parameters' && starts) {
      const type = (value && typeOf.get(value.tokenType)) ?? 'int';
      this.report.add(token, 'a parameter has a type', `\`${name.image}: ${type} = ${shown}\``);
      this.out.push(tokenAt(token, t.Colon, ':'), tokenAt(token, t.Identifier, type), token);
    } else if (this.condition !== undefined && this.condition <= this.brackets.length) {
      this.report.add(token, '`=` binds a name', `\`==\` compares`);
      this.out.push(tokenAt(token, t.EqualEqual, '=='));
    } else this.out.push(token);
  }

  /** Whether the `=` at hand can stand in the bracket around it: on a line of its own, a comma or `)` must follow. */
  private isArgument(): boolean {
    if (this.out.at(-2)?.tokenType !== t.NewLine) return true;
    let depth = 0;
    for (let i = this.i + 1; i < this.end() && depth >= 0; i++) {
      const { tokenType } = this.tokens[i];
      if (tokenType === t.LParen || tokenType === t.LSquare) depth++;
      else if (tokenType === t.RParen || tokenType === t.RSquare) depth--;
      else if (tokenType === t.NewLine && depth === 0) {
        const after = this.tokens.slice(i, i + 20).find((x) => x.tokenType !== t.NewLine);
        return this.tokens[i - 1].tokenType === t.Comma || after?.tokenType === t.RParen;
      }
    }
    return depth < 0;
  }

  private sliceColon(token: IToken): void {
    const [from, to] = [this.out.at(-1), this.next()];
    const both =
      endsOperand(from) && to !== undefined && to.tokenType !== t.RSquare && to.tokenType !== t.Comma;
    const range =
      both && from ? `${this.text.slice(from.startOffset, token.startOffset).trim()}..${to.image}` : 'a..b';
    this.report.add(
      token,
      'a slice is a range',
      `\`xs[${range}]\` of a list or vector; of a tensor, \`slice(x, axis: 1, start: 0, end: 2)\``,
    );
    this.out.push(tokenAt(token, t.Range, '..'));
  }

  private semicolon(token: IToken): void {
    this.report.add(token, 'there is no `;` between statements', 'a statement ends with its line');
    const next = this.next();
    if (next && next.tokenType !== t.NewLine) this.out.push(tokenAt(token, t.NewLine, '\n'));
  }

  /** `a if c else b`, and the filter of a comprehension; the rest of the line is not read. */
  private ternary(token: IToken): boolean {
    const before = this.out.at(-1);
    if (!before || !endsOperand(before) || before.tokenType === t.RCurly || !this.sameLine(before, token))
      return false;
    let depth = 0;
    for (let i = this.i + 1; i < this.end(); i++) {
      const { tokenType } = this.tokens[i];
      if (tokenType === t.LParen || tokenType === t.LSquare) depth++;
      else if (tokenType === t.RParen || tokenType === t.RSquare) depth--;
      if (depth < 0 || tokenType === t.NewLine || tokenType === t.LCurly) break;
      if (depth === 0 && tokenType === t.Else) {
        this.report.add(token, 'a condition stands in front', '`if c { a } else { b }`');
        return true;
      }
    }
    if (this.brackets.at(-1) !== 'other' || !this.hasForOnLine(token)) return false;
    this.report.add(
      token,
      'a comprehension keeps every entry',
      'a loop: `for x in xs { if c { ys = ys + [x] } }`',
    );
    return true;
  }

  private isOperator(): boolean {
    const [before, next, token] = [this.out.at(-1), this.next(), this.tokens[this.i]];
    return (
      endsOperand(before) &&
      this.sameLine(before, token) &&
      next !== undefined &&
      (isName(next) || [t.Not, t.None, t.True, t.False, t.Int, t.Text].includes(next.tokenType))
    );
  }

  private identity(token: IToken): void {
    const not = this.next()?.tokenType === t.Not;
    this.report.add(token, 'there is no `is`', not ? '`!=`, or `exists(x)`' : '`==`, or `not exists(x)`');
    this.out.push(tokenAt(token, not ? t.NotEqual : t.EqualEqual, not ? '!=' : '=='));
    if (not) this.i++;
  }

  private selfArgument(token: IToken): void {
    if (this.out.at(-1)?.tokenType !== t.LParen) return void this.out.push(token);
    this.report.add(
      token,
      'an instance is not passed to its own `forward`',
      '`forward(x: [B, …])`, without `self`',
    );
    if (this.next()?.tokenType === t.Comma) this.i++;
  }
}
