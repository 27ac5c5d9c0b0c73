import type { IToken, TokenType } from 'chevrotain';
import { isName } from '../layout.ts';
import * as t from '../tokens.ts';
import { type ForeignReport, tokenAt } from './report.ts';

/** Words that begin a body, here or in Python. */
const headTypes = new Set<TokenType>([
  ...[t.Block, t.Model, t.Forward, t.For, t.If, t.Else, t.Def, t.Variant, t.Train, t.Pretrained],
]);
const headWords = new Set(['elif', 'while', 'class', 'with', 'try', 'except', 'finally']);
const isHead = ({ tokenType, image }: IToken): boolean => headTypes.has(tokenType) || headWords.has(image);

/** Statements that have no counterpart, and what there is instead. */
const absent: Readonly<Record<string, string>> = {
  while: 'loops are worked out before anything runs: `for i in 0..n { … }`',
  with: 'write the statements alone',
  try: 'nothing fails while a network runs; `require c, "message"` states what must hold',
  raise: '`require c, "message"` states what must hold',
  del: 'values need not be removed',
  global: 'names of a block are known in its `forward`',
  yield: 'the last expression is the result; a list is `[a, b]`',
  switch: '`if c { … } else if d { … } else { … }`',
  match: '`if c { … } else if d { … } else { … }`',
};

interface Open {
  readonly column: number;
  /** Braces around the head of the body. */
  readonly depth: number;
  /** The body belongs to what is not read, such as a class. */
  readonly dropped: boolean;
}

/** Statement by statement: bodies by indentation get braces, and words that begin statements elsewhere are replaced. */
export function braced(raw: readonly IToken[], text: string, report: ForeignReport): IToken[] {
  const result: IToken[] = [];
  const open: Open[] = [];
  // Token by token: a damaged file may be one statement, too long to be passed as arguments.
  const append = (...lists: readonly (readonly IToken[])[]) => {
    for (const list of lists) for (const token of list) result.push(token);
  };
  let depth = 0;
  for (const { tokens, end } of statements(raw)) {
    const first = tokens.find(({ tokenType }) => tokenType !== t.Doc && tokenType !== t.RCurly);
    const start = tokens.find(({ tokenType }) => tokenType !== t.Doc);
    // The `else` of an `if` that was told is no mistake of its own.
    let told = open.length > 0;
    while (start && open.length > 0) {
      const top = open[open.length - 1];
      if ((start.startColumn ?? 1) > top.column && depth - closingAtStart(tokens) >= top.depth) break;
      open.pop();
      const at = result.at(-1) ?? start;
      if (!top.dropped) result.push(tokenAt(at, t.RCurly, '}'), tokenAt(at, t.NewLine, '\n'));
    }
    if (open.length > 0) for (const token of tokens) report.inBody(token);
    told = open.length > 0 || (told && (first?.tokenType === t.Else || first?.image === 'elif'));
    if (open.at(-1)?.dropped) continue;
    if (!first) {
      append(tokens, end);
      depth += braces(tokens);
      continue;
    }
    const i = tokens.indexOf(first);
    const head = [...tokens.slice(0, i), ...reworded(tokens.slice(i), report, !told)];
    depth += braces(head);
    const colon = isHead(first) ? bodyColon(head.slice(i)) : -1;
    if (colon < 0) {
      if (head.length > 0) append(head, end);
      continue;
    }
    const sign = head[i + colon];
    if (!told) {
      const written = text
        .slice(first.startOffset, sign.startOffset)
        .trim()
        .replace(/^elif\b/, 'else if');
      const form = /^[^\n\r]{1,60}$/.test(written) ? written : first.image;
      report.add(sign, 'a body stands in { }, not behind `:`', `\`${withRange(form)} { … }\``);
    }
    const body = head.slice(i + colon + 1);
    const dropped = first.image === 'class' || first.image in absent || isInit(tokens.slice(i));
    if (dropped) {
      append(head.slice(0, i + colon), end);
      open.push({ column: start?.startColumn ?? 1, depth, dropped });
      continue;
    }
    append(ranged(head.slice(0, i + colon)));
    if (body[0]?.tokenType === t.LCurly) append(body, end);
    else if (body.length > 0)
      append([tokenAt(sign, t.LCurly, '{')], body, [tokenAt(sign, t.RCurly, '}')], end);
    else {
      result.push(tokenAt(sign, t.LCurly, '{'), ...end);
      open.push({ column: start?.startColumn ?? 1, depth, dropped });
    }
  }
  const last = result.at(-1);
  for (const { dropped } of open.reverse()) if (last && !dropped) result.push(tokenAt(last, t.RCurly, '}'));
  return joinedElse(result);
}

/** Lines, of which those inside `(` and `[` are one. */
function statements(raw: readonly IToken[]): { tokens: IToken[]; end: IToken[] }[] {
  const found: { tokens: IToken[]; end: IToken[] }[] = [];
  let tokens: IToken[] = [];
  const brackets: TokenType[] = [];
  for (const token of raw) {
    const { tokenType } = token;
    if (tokenType === t.NewLine && (brackets.length === 0 || brackets.at(-1) === t.LCurly)) {
      found.push({ tokens, end: [token] });
      tokens = [];
      continue;
    }
    if (tokenType === t.LParen || tokenType === t.LSquare || tokenType === t.LCurly) brackets.push(tokenType);
    if (tokenType === t.RParen || tokenType === t.RSquare || tokenType === t.RCurly) brackets.pop();
    tokens.push(token);
  }
  found.push({ tokens, end: [] });
  return found;
}

const change = (tokens: readonly IToken[], opening: TokenType, closing: TokenType): number =>
  tokens.reduce((n, { tokenType }) => n + (tokenType === opening ? 1 : tokenType === closing ? -1 : 0), 0);
const braces = (tokens: readonly IToken[]): number => change(tokens, t.LCurly, t.RCurly);
const closingAtStart = (tokens: readonly IToken[]): number =>
  tokens.findIndex(({ tokenType }) => tokenType !== t.RCurly && tokenType !== t.Doc) < 0
    ? tokens.length
    : tokens
        .filter(({ tokenType }) => tokenType !== t.Doc)
        .findIndex(({ tokenType }) => tokenType !== t.RCurly);

/** The place of the `:` after which Python's body begins; outside of brackets a head has none. */
function bodyColon(tokens: readonly IToken[]): number {
  let depth = 0;
  return tokens.findIndex(({ tokenType }) => {
    if (tokenType === t.LParen || tokenType === t.LSquare || tokenType === t.LCurly) depth++;
    if (tokenType === t.RParen || tokenType === t.RSquare || tokenType === t.RCurly) depth--;
    return depth === 0 && tokenType === t.Colon;
  });
}

const isInit = ([first, name]: readonly IToken[]): boolean =>
  first.tokenType === t.Def && /^__\w+__$/.test(name?.image ?? '');

const withRange = (head: string): string =>
  head.replace(/\brange\(([^(),]+)\)/, '0..$1').replace(/\brange\(([^(),]+),\s*([^(),]+)\)/, '$1..$2');

/** `range(n)` and `range(a, b)` of a head that is reported as a whole. */
function ranged(head: readonly IToken[]): IToken[] {
  const at = head.findIndex(({ image }, i) => image === 'range' && head[i + 1]?.tokenType === t.LParen);
  if (at < 0 || head.at(-1)?.tokenType !== t.RParen) return [...head];
  const commas = head.flatMap(({ tokenType }, i) => (i > at && tokenType === t.Comma ? [i] : []));
  const [open, args, close] = [head[at + 1], head.slice(at + 2, -1), head[head.length - 1]];
  const dots = tokenAt(head[at], t.Range, '..');
  if (commas.length === 0)
    return [...head.slice(0, at), tokenAt(head[at], t.Int, '0'), dots, open, ...args, close];
  const [comma] = commas;
  if (commas.length > 1) return [...head];
  const from = head.slice(at + 2, comma);
  return [...head.slice(0, at), open, ...from, close, dots, open, ...head.slice(comma + 1, -1), close];
}

/** `}` and `else` belong on one line. */
function joinedElse(tokens: readonly IToken[]): IToken[] {
  return tokens.filter(
    ({ tokenType }, i) =>
      !(
        tokenType === t.NewLine &&
        tokens[i - 1]?.tokenType === t.RCurly &&
        tokens[i + 1]?.tokenType === t.Else
      ),
  );
}

/** A statement whose first word is another language's. */
function reworded(tokens: readonly IToken[], report: ForeignReport, telling: boolean): IToken[] {
  const [first, second, third] = tokens;
  const { image } = first;
  const rest = tokens.slice(1);
  const add = (what: string, hint: string, at = first) => {
    if (telling || (image !== 'elif' && image !== 'return')) report.add(at, what, hint);
  };
  const named = second !== undefined && isName(second);
  if (first.tokenType === t.Import && second && second.tokenType !== t.LCurly && named) {
    add('`import` takes names in { } from a file', `\`import { ${second.image} } from "file.arch"\``);
  } else if (first.tokenType === t.From && named && rest.some((x) => x.tokenType === t.Import)) {
    const wanted = tokens[tokens.findIndex((x) => x.tokenType === t.Import) + 1];
    add('an import begins with `import`', `\`import { ${wanted?.image ?? 'Name'} } from "file.arch"\``);
    return [tokenAt(first, t.Import, image), ...rest];
  } else if (first.tokenType === t.Def && isInit(tokens)) {
    add(
      `there is no \`${second?.image}\``,
      'arguments of a block stand behind its name: `block Name(n: int) { … }`',
    );
  } else if (first.tokenType === t.Def && second?.tokenType === t.Forward) {
    add('`forward` is declared without `def`', '`forward(x: [B, …]) { … }`');
    return rest;
  } else if (first.tokenType === t.Foreign && image === '@' && named) {
    add('there are no decorators', 'remove the line');
    return [];
  } else if (first.tokenType === t.Identifier) return rewordedName(tokens, add);
  if (first.tokenType === t.Let && named && third?.tokenType === t.Comma) {
    add('several names are declared from a vector', `\`let <${second.image}, …> = v\``, third);
  }
  return [...tokens];
}

type Add = (what: string, hint: string, at?: IToken) => void;

function rewordedName(tokens: readonly IToken[], add: Add): IToken[] {
  const [first, second, third] = tokens;
  const { image } = first;
  const rest = tokens.slice(1);
  const named = second !== undefined && isName(second);
  const used = second && (isUse.has(second.tokenType) || second.image === '.');
  switch (image) {
    case 'return':
      if (used && second.tokenType !== t.LParen) break;
      add('there is no `return`', 'the last expression of a body is its result');
      return rest;
    case 'elif':
      if (used && second.tokenType !== t.LParen) break;
      add('there is no `elif`', '`else if c { … }`');
      return [tokenAt(first, t.Else, 'else'), tokenAt(first, t.If, 'if'), ...rest];
    case 'class':
      if (!named) break;
      add('there are no classes', `\`block ${second.image}(…) { … }\``);
      return [tokenAt(first, t.Block, image), ...rest];
    case 'var':
    case 'const':
    case 'val':
      if (!named) break;
      add(
        `there is no \`${image}\``,
        `\`let ${second.image} = …\`, and \`${second.image} = …\` inside \`forward\``,
      );
      return rest;
    case 'fn':
    case 'func':
    case 'function':
      if (!named) break;
      add(`there is no \`${image}\``, `\`def ${second.image}(…) { … }\``);
      return [tokenAt(first, t.Def, 'def'), ...rest];
    case 'assert':
      if (used || !second) break;
      add('there is no `assert`', '`require c, "message"`');
      return [tokenAt(first, t.Require, 'require'), ...rest];
    case 'pass':
      if (second) break;
      add('there is no `pass`', 'an empty body is `{ }`');
      return [];
    case 'super':
      if (second?.tokenType !== t.LParen) break;
      add('there is no `super`', 'remove the line; blocks inherit nothing');
      return [];
    default:
      if (Object.hasOwn(absent, image) && !(used && (image !== 'while' || second.tokenType !== t.LParen))) {
        if (second || image === 'try') add(`there is no \`${image}\``, absent[image]);
      } else if (second?.tokenType === t.Comma && third && isName(third)) return tupled(tokens, add);
  }
  return [...tokens];
}

/** What follows a name that is used as one. */
const isUse = new Set<TokenType>([t.Equals, t.LParen, t.LSquare, t.Pipe, t.Comma, t.RCurly]);

/** `a, b = f(x)`: parentheses around the names. */
function tupled(tokens: readonly IToken[], add: Add): IToken[] {
  const equals = tokens.findIndex(({ tokenType }) => tokenType === t.Equals);
  const names = tokens.slice(0, Math.max(0, equals));
  if (!names.every((x, i) => (i % 2 === 0 ? isName(x) : x.tokenType === t.Comma)) || names.length < 3)
    return [...tokens];
  add(
    'several names stand in parentheses',
    `\`(${names
      .map((n) => n.image)
      .join('')
      .replaceAll(',', ', ')}) = …\``,
  );
  const last = names[names.length - 1];
  return [tokenAt(tokens[0], t.LParen, '('), ...names, tokenAt(last, t.RParen, ')'), ...tokens.slice(equals)];
}
