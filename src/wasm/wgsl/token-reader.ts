import { type Token, tokenize } from './lexer.ts';
import { type Position, WgslError } from './wgsl-error.ts';

/** Walks along the tokens of a text. */
export class TokenReader {
  private readonly tokens: readonly Token[];
  private next = 0;

  constructor(text: string) {
    this.tokens = tokenize(text);
  }

  get token(): Token {
    return this.tokens[this.next];
  }

  get at(): Position {
    return this.token.at;
  }

  /** Whether this symbol or word stands here. */
  is(text: string): boolean {
    const { token } = this;
    return token.text === text && token.kind !== 'end';
  }

  /** Whether these symbols stand here without space between them. */
  areJoined(...texts: readonly string[]): boolean {
    return texts.every((text, k) => {
      const token = this.tokens[Math.min(this.next + k, this.tokens.length - 1)];
      return token.kind !== 'end' && token.text === text && (k === texts.length - 1 || token.joined);
    });
  }

  /** Takes it if it stands here. */
  take(text: string): boolean {
    const here = this.is(text);
    if (here) this.next++;
    return here;
  }

  /** Takes symbols that are known to stand here. */
  skip(count: number): void {
    this.next += count;
  }

  expect(text: string): Position {
    const { at } = this;
    if (!this.take(text)) throw this.unexpected(`"${text}"`);
    return at;
  }

  name(what: string): string {
    const { kind, text } = this.token;
    if (kind !== 'name') throw this.unexpected(what);
    this.next++;
    return text;
  }

  advance(): Token {
    return this.tokens[this.next++];
  }

  unexpected(wanted: string): WgslError {
    const { kind, text } = this.token;
    return new WgslError(
      `${kind === 'end' ? text : `"${text}"`} stands where ${wanted} is expected`,
      this.at,
    );
  }

  /** What `item` reads, separated by commas, up to `end`, which is taken. */
  list<T>(end: string, item: () => T): T[] {
    const items: T[] = [];
    while (!this.take(end)) {
      items.push(item());
      if (this.take(',')) continue;
      this.expect(end);
      break;
    }
    return items;
  }
}
