import type { IToken } from 'chevrotain';
import type { Expr, FunctionDecl, FunctionParameter, Parameter, ShapeRef, TypeRef } from './ast.ts';
import { spanOf } from './layout.ts';
import { StatementParser } from './statements.ts';
import * as t from './tokens.ts';

/** Parameters, types, shapes, and what `forward` and `def` share. */
export abstract class SignatureParser extends StatementParser {
  protected docOf(token: IToken): string {
    return this.docs.get(token.startOffset) ?? '';
  }

  protected parameters = this.RULE('parameters', (): Parameter[] => {
    const params: Parameter[] = [];
    this.CONSUME(t.LParen);
    this.commaSeparated(() => params.push(this.SUBRULE(this.parameter)));
    this.CONSUME(t.RParen);
    return params;
  });

  protected parameter = this.RULE('parameter', (): Parameter => {
    const first = this.LA(1);
    const name = this.SUBRULE(this.identifier);
    this.CONSUME(t.Colon);
    const type = this.SUBRULE(this.type);
    const value = this.OPTION(() => {
      this.CONSUME(t.Equals);
      return this.SUBRULE(this.expression);
    });
    return { name, type, default: value, doc: this.docOf(first), span: this.spanFrom(first) };
  });

  protected type = this.RULE('type', (): TypeRef => {
    const first = this.LA(1);
    return this.OR<TypeRef>({
      ERR_MSG: 'a type, such as `int` or `<int; 4>`',
      DEF: [
        {
          ALT: () => ({
            kind: 'name',
            name: this.CONSUME(t.Identifier).image,
            span: spanOf(first, this.file),
          }),
        },
        {
          ALT: () => {
            this.CONSUME(t.VectorOpen);
            const elements = [this.SUBRULE(this.identifier)];
            const length = this.OR1<Expr | undefined>([
              {
                ALT: () => {
                  this.CONSUME(t.Semicolon);
                  return this.SUBRULE(this.sum);
                },
              },
              {
                ALT: () => {
                  this.MANY(() => {
                    this.CONSUME(t.Comma);
                    elements.push(this.SUBRULE1(this.identifier));
                  });
                  return undefined;
                },
              },
            ]);
            this.CONSUME(t.VectorClose);
            const span = this.spanFrom(first);
            return length
              ? { kind: 'vector', element: elements[0], length, span }
              : { kind: 'elements', elements, span };
          },
        },
      ],
    });
  });

  protected shape = this.RULE('shape', (): ShapeRef => {
    const first = this.CONSUME(t.LSquare);
    const dims: ShapeRef['dims'][number][] = [];
    this.commaSeparated(() => {
      this.OR([
        {
          ALT: () => {
            const rest = this.CONSUME(t.Ellipsis);
            dims.push({ kind: 'rest', span: spanOf(rest, this.file) });
          },
        },
        { ALT: () => void dims.push(this.SUBRULE(this.expression)) },
      ]);
    });
    this.CONSUME(t.RSquare);
    return { dims, span: this.spanFrom(first) };
  });

  /** `(x: [B, C], skips: list) -> [B, C] { … }`. */
  protected functionBody = this.RULE('functionBody', (): FunctionDecl => {
    const first = this.LA(1);
    const params = this.OPTION(() => this.SUBRULE(this.functionParameters)) ?? [];
    const result = this.OPTION1(() => {
      this.CONSUME(t.Arrow);
      return this.SUBRULE(this.shape);
    });
    const body = this.SUBRULE(this.statementBlock);
    return { params, result, body, span: this.spanFrom(first) };
  });

  private functionParameters = this.RULE('functionParameters', (): FunctionParameter[] => {
    const params: FunctionParameter[] = [];
    this.CONSUME(t.LParen);
    this.commaSeparated(() => params.push(this.SUBRULE(this.functionParameter)));
    this.CONSUME(t.RParen);
    return params;
  });

  private functionParameter = this.RULE('functionParameter', (): FunctionParameter => {
    const first = this.LA(1);
    const name = this.SUBRULE(this.identifier);
    let shape: ShapeRef | undefined;
    let type: TypeRef | undefined;
    this.OPTION(() => {
      this.CONSUME(t.Colon);
      this.OR([
        {
          ALT: () => {
            shape = this.SUBRULE(this.shape);
          },
        },
        {
          ALT: () => {
            type = this.SUBRULE(this.type);
          },
        },
      ]);
    });
    return { name, shape, type, span: this.spanFrom(first) };
  });
}
