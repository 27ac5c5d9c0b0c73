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

  /** Whether these symbols or words stand here, without space between them if they are several. */
  is(...texts: readonly string[]): boolean {
    return texts.every((text, k) => {
      const token = this.tokens[Math.min(this.next + k, this.tokens.length - 1)];
      return token.kind !== 'end' && token.text === text && (k === texts.length - 1 || token.joined);
    });
  }

  /** Takes them if they stand here. */
  take(...texts: readonly string[]): boolean {
    const here = this.is(...texts);
    if (here) this.next += texts.length;
    return here;
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
