import { defaultParserErrorProvider, type IParserErrorMessageProvider, type TokenType } from 'chevrotain';

const labelOf = (type: TokenType): string => type.LABEL ?? type.name;

/** Chevrotain's messages reduced to what was expected; what was found stands in the token. */
export const syntaxMessages: IParserErrorMessageProvider = {
  ...defaultParserErrorProvider,
  buildMismatchTokenMessage: ({ expected }) => labelOf(expected),
  buildNotAllInputParsedMessage: () => 'a declaration',
  buildNoViableAltMessage: ({ customUserDescription, expectedPathsPerAlt }) =>
    customUserDescription ?? firstTokens(expectedPathsPerAlt),
  buildEarlyExitMessage: ({ customUserDescription, expectedIterationPaths }) =>
    customUserDescription ?? firstTokens([expectedIterationPaths]),
};

function firstTokens(alternatives: readonly TokenType[][][]): string {
  const labels = new Set(alternatives.flat().flatMap((path) => (path[0] ? [labelOf(path[0])] : [])));
  return [...labels].join(' or ');
}
