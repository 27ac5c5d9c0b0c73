import type { Pass } from '../pass.ts';
import { rewrite } from '../rewrite.ts';
import { affineOfAffine, identity, negation, stretchedOperand } from './arithmetic.ts';
import { joinCommon } from './common.ts';
import { constantOperand, constantSeed, foldedConstant, reshapedConstant } from './constants.ts';
import { cutAndJoined, movesNothing, nestedConcat, onePiece, permuteOfOnes, twice } from './shapes.ts';
import { sumOfCopies, sumOfOnes, sumOfSum } from './sums.ts';

const rules = [
  identity,
  movesNothing,
  permuteOfOnes,
  twice,
  nestedConcat,
  cutAndJoined,
  onePiece,
  reshapedConstant,
  foldedConstant,
  constantOperand,
  constantSeed,
  affineOfAffine,
  negation,
  stretchedOperand,
  sumOfOnes,
  sumOfSum,
  sumOfCopies,
];

export const simplify: Pass = {
  name: 'simplify',
  doc: 'Removes what changes nothing, folds constants, joins what is computed twice.',
  run: (graph, { ops }) => {
    for (let current = graph; ; ) {
      const simpler = joinCommon(rewrite(current, ops, rules), ops);
      if (simpler === current) return current;
      current = simpler;
    }
  },
};
