import { makers } from './random-calls.ts';
import { Dice, Draft, type Maker } from './random-draft.ts';

export interface RandomSpec {
  readonly text: string;
  readonly called: ReadonlySet<string>;
}

/**
 * A model of random calls, one for each seed, whose every result reaches the output, with a train section. Most
 * are legal.
 */
export function randomSpec(seeds: readonly number[]): RandomSpec {
  const s = new Draft();
  const callable = Object.entries(makers).filter((e): e is [string, Maker] => e[1] !== undefined);
  for (const seed of seeds) {
    s.dice = new Dice(seed);
    for (let attempt = 0; attempt < 20; attempt++) {
      const [name, make] = s.dice.pick(callable);
      if (s.call(name, make(s))) break;
    }
  }
  const first = s.batched(0);
  const ends = s.pool.filter((t) => !t.used && t !== first);
  s.lines.push(`y = reshape(${first.name}, [B, 1])`);
  for (const { name, dims } of ends) {
    const total = dims.length === 0 ? name : `sum(${name}, axes: [${[...dims.keys()].join(', ')}])`;
    s.lines.push(`y = y + expand(reshape(${total}, [1, 1]), [B, 1])`);
  }
  const text = `model Random() {
  ${s.declared.join('\n  ')}
  param scale: [2] = ones
  forward {
    ${s.lines.join('\n    ')}
    z = y * scale
  }
  output out: [B, 2] = z
}
train Plain for Random {
  loss = cross_entropy
  optimizer = sgd(lr: 0.1)
  batch = 2
  steps = 1
}
`;
  return { text, called: s.called };
}
