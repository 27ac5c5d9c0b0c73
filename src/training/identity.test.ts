import { describe, expect, test } from 'vitest';
import { trainSection } from '../compiler/model.ts';
import { openModel } from '../files/open.ts';
import { identityDifferences, type Json, type RunIdentity, runIdentity } from './identity.ts';

const TINY = 'tests/fixtures/cli/tiny.arch';
const data = { cases: 4, sha256: 'a'.repeat(64), held_back: [] };

function identity(
  set: Record<string, string> = {},
  changes: Partial<Parameters<typeof runIdentity>[0]> = {},
): RunIdentity {
  const model = openModel(TINY, { set, batch: 2, training: true });
  const section = trainSection(model);
  return runIdentity({ model, section, seed: 3, steps: 12, data, pretrained: null, ...changes });
}

describe('what determines a run', () => {
  test('is the same when worked out twice, and survives JSON', () => {
    expect(identityDifferences(identity(), identity())).toEqual([]);
    expect(JSON.parse(JSON.stringify(identity()))).toEqual(identity());
  });

  test.each([
    ['train.lr', '2e-2', /^train\.optimizer\.lr: 0\.01 → 0\.02$/],
    ['train.clip', '3', /^train\.optimizer\.clip: 12 → 3$/],
    ['train.schedule', 'constant', /^train\.schedule\.kind: cosine → constant$/],
    ['train.loss', 'cross_entropy', /^train\.loss\[1\]\.kind: dice → none$/],
    ['train.augment', 'flips', /^train\.augment\[2\]\.range: 0\.3 → none$/],
    ['train.foreground', '0.5', /^train\.foreground: 0 → 0\.5$/],
    ['width', '4', /^config\.width: 8 → 4$/],
    ['size', '<32, 32>', /^config\.size: <16, 16> → <32, 32>$/],
  ])('a difference in %s is named', (key, value, line) => {
    const found = identityDifferences(identity(), identity({ [key]: value }));
    expect(found).toContainEqual(expect.stringMatching(line));
    expect(found.join('\n')).not.toContain('the ops of the network');
  });

  test('so is one of the data, the seed and the first weights', () => {
    const other = identity(
      {},
      {
        seed: 4,
        data: { cases: 3, sha256: 'b'.repeat(64), held_back: ['d'] },
        pretrained: { sha256: 'c'.repeat(64), rules: null },
      },
    );
    expect(identityDifferences(identity(), other)).toEqual([
      'train.seed: 3 → 4',
      'data.cases: 4 → 3',
      'data.sha256: sha256 aaaaaaaaaaaa… → sha256 bbbbbbbbbbbb…',
      'data.held_back: <> → <d>',
      'pretrained.sha256: none → sha256 cccccccccccc…',
    ]);
  });

  test('a setting that a run knew nothing of had its default', () => {
    const before = identity();
    const { accumulate, validate_batches, ...settings } = before.train;
    expect([accumulate, validate_batches]).toEqual([1, 50]);
    const older = { ...before, train: settings };
    expect(identityDifferences(older, before)).toEqual([]);
    expect(identityDifferences(older, identity({ 'train.accumulate': '2' }))).toEqual([
      'train.accumulate: 1 → 2',
    ]);
  });

  test('an argument of a loss that a run knew nothing of had its default', () => {
    const before = identity();
    const terms = before.train['loss'] as readonly Record<string, Json>[];
    const { sigmoid, ...dice } = terms[1];
    expect(sigmoid).toBe(false);
    const older = { ...before, train: { ...before.train, loss: [terms[0], dice] } };
    expect(identityDifferences(older, before)).toEqual([]);
    const { batch: _, ...without } = dice;
    expect(
      identityDifferences({ ...older, train: { ...older.train, loss: [terms[0], without] } }, before),
    ).toEqual(['train.loss[1].batch: false → true']);
  });

  test('the steps are no difference: a run may be prolonged', () => {
    expect(identityDifferences(identity(), identity({}, { steps: 99 }))).toEqual([]);
  });

  test('another op with the same parameters is another network', () => {
    const model = openModel(TINY, { batch: 2, training: true });
    const nodes = model.graph.nodes.map((n) => (n.op === 'silu' ? { ...n, op: 'relu' } : n));
    const other = identity({}, { model: { ...model, graph: { ...model.graph, nodes } } });
    expect(identityDifferences(identity(), other)).toEqual([
      expect.stringMatching(/^the ops of the network: sha256 [0-9a-f]{12}… → sha256 [0-9a-f]{12}…$/),
    ]);
  });
});
