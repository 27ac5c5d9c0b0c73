import type { IToken, TokenType } from 'chevrotain';
import type { Alternative, Decl, Expr, Ident, ShapeRef, TypeRef } from './ast.ts';
import { spanOf } from './layout.ts';
import { isNameToken, MAX_CHAIN } from './recovery.ts';
import { SignatureParser } from './signatures.ts';
import * as t from './tokens.ts';

/** What stands in the body of a block or model. */
export abstract class DeclarationParser extends SignatureParser {
  protected declarations: () => Decl[] = this.RULE('declarations', (): Decl[] => {
    const declarations: Decl[] = [];
    this.CONSUME(t.LCurly);
    this.lines('a declaration', () => void declarations.push(this.SUBRULE(this.declaration)));
    this.CONSUME(t.RCurly);
    return declarations;
  });

  private declaration = this.RULE('declaration', (): Decl => {
    return this.recoverable(
      () => this.declarationBody(),
      (first) => ({ kind: 'bad', names: this.introducedBy(first), span: this.spanFrom(first) }),
    );
  });

  private declarationBody(): Decl {
    const first = this.LA(1);
    const doc = this.docOf(first);
    return this.OR<Decl>({
      ERR_MSG: 'a declaration',
      DEF: [
        { ALT: () => this.SUBRULE(this.letDecl) },
        {
          ALT: () => {
            this.CONSUME(t.Require);
            const cond = this.SUBRULE(this.expression);
            const message = this.OPTION(() => {
              this.CONSUME(t.Comma);
              return this.SUBRULE1(this.expression);
            });
            return { kind: 'require', cond, message, span: this.spanFrom(first) };
          },
        },
        {
          ALT: () => {
            this.CONSUME(t.For);
            const variable = this.SUBRULE(this.identifier);
            this.CONSUME(t.In);
            const source = this.SUBRULE2(this.expression);
            const body = this.SUBRULE(this.declarations);
            return { kind: 'for', variable, source, body, span: this.spanFrom(first) };
          },
        },
        { ALT: () => this.SUBRULE(this.ifDecl) },
        {
          ALT: () => {
            this.CONSUME(t.Def);
            const name = this.SUBRULE1(this.identifier);
            const fn = this.SUBRULE(this.functionBody);
            return { kind: 'def', name, fn, doc, span: this.spanFrom(first) };
          },
        },
        {
          GATE: () => isWordBefore(this.LA(2), t.LParen, t.LCurly, t.Arrow),
          ALT: () => {
            const keyword = this.CONSUME(t.Forward);
            const hasParams = this.LA(1).tokenType === t.LParen;
            const fn = this.SUBRULE1(this.functionBody);
            return {
              kind: 'forward',
              fn,
              hasParams,
              keyword: spanOf(keyword, this.file),
              span: this.spanFrom(first),
            };
          },
        },
        { GATE: () => isNameToken(this.LA(2)), ALT: () => this.SUBRULE(this.paramDecl) },
        { GATE: () => isNameToken(this.LA(2)), ALT: () => this.SUBRULE(this.bufferDecl) },
        {
          GATE: () => isNameToken(this.LA(2)),
          ALT: () => {
            const word = this.CONSUME(t.Update);
            this.report('update-outside-forward', spanOf(word, this.file));
            this.skipStatement(word);
            return { kind: 'bad', names: [], span: this.spanFrom(first) };
          },
        },
        { GATE: () => isNameToken(this.LA(2)), ALT: () => this.SUBRULE(this.variantDecl) },
        {
          GATE: () => isNameToken(this.LA(2)),
          ALT: () => {
            this.CONSUME(t.Input);
            const name = this.SUBRULE2(this.identifier);
            this.CONSUME(t.Colon);
            const shape = this.SUBRULE(this.shape);
            return { kind: 'input', name, shape, doc, span: this.spanFrom(first) };
          },
        },
        { GATE: () => isNameToken(this.LA(2)), ALT: () => this.SUBRULE(this.outputDecl) },
        { ALT: () => this.SUBRULE(this.instanceDecl) },
      ],
    });
  }

  private letDecl = this.RULE('letDecl', (): Decl => {
    const first = this.CONSUME(t.Let);
    const names: Ident[] = [];
    let vector = false;
    this.OR([
      { ALT: () => void names.push(this.SUBRULE(this.identifier)) },
      {
        ALT: () => {
          this.CONSUME(t.VectorOpen);
          this.commaSeparated(() => names.push(this.SUBRULE1(this.identifier)));
          this.CONSUME(t.VectorClose);
          vector = true;
        },
      },
    ]);
    this.CONSUME(t.Equals);
    const value = this.SUBRULE(this.expression);
    return { kind: 'let', names, vector, value, span: this.spanFrom(first) };
  });

  private ifDecl: () => Decl = this.RULE('ifDecl', (): Decl => {
    const branches: { cond: Expr; body: Decl[] }[] = [];
    const first = this.CONSUME(t.If);
    const cond = this.SUBRULE(this.expression);
    branches.push({ cond, body: this.SUBRULE(this.declarations) });
    this.MANY(() => {
      this.CONSUME(t.Else);
      this.CONSUME1(t.If);
      const other = this.SUBRULE1(this.expression);
      branches.push({ cond: other, body: this.SUBRULE1(this.declarations) });
      this.limitChain(branches.length - 1, first);
    });
    const last = this.OPTION(() => {
      this.CONSUME1(t.Else);
      return this.SUBRULE2(this.declarations);
    });
    const span = this.spanFrom(first);
    return branches.slice(0, MAX_CHAIN).reduceRight<Decl | undefined>((otherwise, { cond: c, body }, i) => {
      const next = i === branches.length - 1 ? last : otherwise && [otherwise];
      return { kind: 'if', cond: c, body, else: next, span };
    }, undefined) as Decl;
  });

  private paramDecl = this.RULE('paramDecl', (): Decl => {
    const first = this.CONSUME(t.Param);
    const doc = this.docOf(first);
    const name = this.SUBRULE(this.identifier);
    this.CONSUME(t.Colon);
    const shape = this.SUBRULE(this.shape);
    this.CONSUME(t.Equals);
    const init = this.SUBRULE(this.expression);
    const cond = this.SUBRULE(this.condition);
    return { kind: 'param', name, shape, init, cond, doc, span: this.spanFrom(first) };
  });

  private bufferDecl = this.RULE('bufferDecl', (): Decl => {
    const first = this.CONSUME(t.Buffer);
    const doc = this.docOf(first);
    const name = this.SUBRULE(this.identifier);
    this.CONSUME(t.Colon);
    const shape = this.OR<ShapeRef | TypeRef>({
      ERR_MSG: 'a shape, or `int`',
      DEF: [{ ALT: () => this.SUBRULE(this.shape) }, { ALT: () => this.SUBRULE(this.type) }],
    });
    this.CONSUME(t.Equals);
    const init = this.SUBRULE(this.expression);
    const cond = this.SUBRULE(this.condition);
    return { kind: 'buffer', name, shape, init, cond, doc, span: this.spanFrom(first) };
  });

  private variantDecl = this.RULE('variantDecl', (): Decl => {
    const alternatives: Alternative[] = [];
    const first = this.CONSUME(t.Variant);
    const doc = this.docOf(first);
    const name = this.SUBRULE(this.identifier);
    this.CONSUME(t.LCurly);
    this.lines('an alternative', () => void alternatives.push(this.SUBRULE(this.alternative)));
    this.CONSUME(t.RCurly);
    return { kind: 'variant', name, alternatives, doc, span: this.spanFrom(first) };
  });

  private alternative = this.RULE('alternative', (): Alternative => {
    const first = this.LA(1);
    const name = this.SUBRULE(this.identifier);
    const body = this.SUBRULE(this.declarations);
    return { name, doc: this.docOf(first), body, span: this.spanFrom(first) };
  });

  private outputDecl = this.RULE('outputDecl', (): Decl => {
    const first = this.CONSUME(t.Output);
    const doc = this.docOf(first);
    const name = this.SUBRULE(this.identifier);
    const indices = this.SUBRULE(this.indices);
    this.CONSUME(t.Colon);
    const shape = this.SUBRULE(this.shape);
    this.CONSUME(t.Equals);
    const value = this.SUBRULE(this.expression);
    const cond = this.SUBRULE(this.condition);
    return { kind: 'output', name, indices, shape, value, cond, doc, span: this.spanFrom(first) };
  });

  private instanceDecl = this.RULE('instanceDecl', (): Decl => {
    const first = this.LA(1);
    const name = this.SUBRULE(this.identifier);
    const indices = this.SUBRULE(this.indices);
    this.CONSUME(t.Equals);
    const value = this.SUBRULE(this.expression);
    const cond = this.SUBRULE(this.condition);
    return {
      kind: 'instance',
      name,
      indices,
      value,
      cond,
      doc: this.docOf(first),
      span: this.spanFrom(first),
    };
  });

  protected indices = this.RULE('indices', (): Expr[] => {
    const indices: Expr[] = [];
    this.MANY(() => {
      this.CONSUME(t.LSquare);
      indices.push(this.SUBRULE(this.expression));
      this.CONSUME(t.RSquare);
    });
    return indices;
  });

  /** The `if c` after a declaration. */
  private condition = this.RULE('condition', (): Expr | undefined => {
    return this.OPTION(() => {
      this.CONSUME(t.If);
      return this.SUBRULE(this.expression);
    });
  });
}

const isWordBefore = (next: IToken, ...types: TokenType[]): boolean => types.includes(next.tokenType);
