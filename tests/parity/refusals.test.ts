import { describe, expect, test } from 'vitest';
import { SpecError } from '../../src/compiler/spec-error.ts';
import { openModel } from '../../src/files/open.ts';

/** A configuration that a shipped spec refuses: with which code, and what stands in the line that is pointed at. */
type Refusal = readonly [set: Readonly<Record<string, string>>, code: string, line: string];

const size = (text: string, message: string): Refusal => [{ size: text }, 'requirement-failed', message];
const width = (name: string, value = '0'): Refusal => [
  { [name]: value },
  'requirement-failed',
  'widths are at least 1',
];
const set = (name: string, value: string, code: string, line: string): Refusal => [
  { [name]: value },
  code,
  line,
];
const dropPath = ['1', '-0.5'].map((v) => set('drop_path', v, 'requirement-failed', 'a probability below 1'));

/** What the U-Nets refuse whose stages `features` counts. */
const stages: readonly Refusal[] = [
  size('<320, 300>', 'halves the image'),
  size('<64, 64>', 'more than one position'),
  size('<0, 64>', 'more than one position'),
  set('size', '<64, 64, 64>', 'wrong-length', '<64, 64, 64>'),
  ...['in_channels', 'classes'].map((n) => width(n)),
  width('features', '<4, 0, 8>'),
  width('features', '<4, -2, 8>'),
  set('features', '<4>', 'requirement-failed', 'at least one decoder stage'),
  set('features', '<>', 'requirement-failed', 'at least one decoder stage'),
  set('features', '<4, 8.5, 8>', 'not-an-integer', '<4, 8.5, 8>'),
  // A length that is not known is not a second mistake.
  set('features', '<4, 8', 'unclosed-bracket', '<4, 8'),
];

/** What the networks with VSS stages refuse. */
const scanned: readonly Refusal[] = [
  size('<64, 80>', 'each merging'),
  size('<0, 64>', 'each merging'),
  set('size', '<64>', 'wrong-length', '<64>'),
  ...['in_channels', 'classes', 'd_state'].map((n) => width(n)),
  width('d_state', '-1'),
  set('depths', '<2, 2, 9>', 'wrong-length', '<2, 2, 9>'),
  set('depths', '<2, 2, -1, 2>', 'requirement-failed', 'no fewer than 0 blocks'),
  ...dropPath,
];

const refusals: Readonly<Record<string, readonly Refusal[]>> = {
  unetr: [
    size('<72, 64>', 'patches of 16×16'),
    size('<64, 72>', 'patches of 16×16'),
    size('<0, 64>', 'patches of 16×16'),
    ...['in_channels', 'classes', 'feature_size', 'hidden_size', 'mlp_dim'].map((n) => width(n)),
    width('feature_size', '-4'),
    set('num_heads', '5', 'requirement-failed', 'the heads divide hidden_size'),
    set('num_heads', '0', 'requirement-failed', 'the heads divide hidden_size'),
    set('size', '<64>', 'wrong-length', '<64>'),
    width('hidden_size', '-1'),
    set('feature_size', '1.5', 'not-an-integer', '1.5'),
  ],
  'swin-unetr': [
    size('<64, 80>', 'four mergings'),
    size('<32, 32>', 'instance norm'),
    size('<-32, 64>', 'four mergings'),
    ...['in_channels', 'classes', 'feature_size'].map((n) => width(n)),
    set('num_heads', '<3, 6, 12, 25>', 'requirement-failed', 'the heads of stage s'),
    set('num_heads', '<0, 6, 12, 24>', 'requirement-failed', 'the heads of stage s'),
    set('num_heads', '<3, 6, 12, 24, 48>', 'wrong-length', '<3, 6, 12, 24, 48>'),
    set('depths', '<2, 2, 2>', 'wrong-length', '<2, 2, 2>'),
    set('depths', '<2, -1, 2, 2>', 'requirement-failed', 'no fewer than 0 blocks'),
    ...dropPath,
  ],
  nnformer: [
    size('<48, 64>', 'three stages halve it'),
    size('<64, 0>', 'three stages halve it'),
    ...['in_channels', 'classes', 'embed_dim'].map((n) => width(n)),
    set('embed_dim', '9', 'requirement-failed', 'half of embed_dim'),
    set('num_heads', '<3, 6, 12, 7>', 'requirement-failed', 'the heads of stage s'),
    set('windows', '<5, 0, 5, 5>', 'requirement-failed', 'at least one token'),
    set('windows', '<5, 5, 5>', 'wrong-length', '<5, 5, 5>'),
    set('depths', '<2, 0, 2, 2>', 'requirement-failed', 'every stage has a block'),
    set('depths', '2', 'wrong-type', '2'),
    ...dropPath,
  ],
  'swin-umamba': [
    ...scanned,
    width('dims', '<0, 96, 192, 384, 768>'),
    set('dims', '<48, 96, 192, 384, 700>', 'requirement-failed', 'doubles the channels'),
    set('decoder', 'contracting', 'unknown-alternative', 'contracting'),
  ],
  'swin-umamba-d': [
    ...scanned,
    width('dims', '<0, 0, 0, 0>'),
    set('dims', '<96, 192, 384, 700>', 'requirement-failed', 'doubles the channels'),
  ],
  vmamba: [
    ...scanned,
    [{ dims: '<>', depths: '<>' }, 'requirement-failed', 'at least one stage'],
    set('dims', '<96, 192, 384, 700>', 'requirement-failed', 'doubles the channels'),
  ],
  nnunet: stages,
  'umamba-bot': stages,
  'umamba-enc': stages,
  segresnet: [
    size('<320, 324>', 'halves the image'),
    size('<0, 64>', 'halves the image'),
    ...['in_channels', 'classes'].map((n) => width(n)),
    set('init_filters', '12', 'requirement-failed', 'group norm has 8 groups'),
    set('init_filters', '0', 'requirement-failed', 'group norm has 8 groups'),
    set('blocks_up', '<1, 1>', 'wrong-length', '<1, 1>'),
    set('blocks_down', '<1, 2, -1, 2>', 'requirement-failed', 'no fewer than 0 blocks'),
    [{ blocks_down: '<>', blocks_up: '<>' }, 'requirement-failed', 'at least one level'],
    set('deep_supervision', 'true', 'unknown-parameter', 'true'),
  ],
};

describe.each(Object.entries(refusals))('%s', (spec, cases) => {
  test.each(cases)('refuses %o once, at the rule', (values, code, line) => {
    const found = mistakes(spec, values);
    expect(found.map((d) => d.code)).toEqual([code]);
    expect(found[0].line).toContain(line);
  });
});

function mistakes(spec: string, values: Readonly<Record<string, string>>): { code: string; line: string }[] {
  try {
    openModel(spec, { set: values });
  } catch (e) {
    if (!(e instanceof SpecError)) throw e;
    return e.diagnostics.map(({ code, span }) => {
      const text = e.loaded.sources.get(span.file) ?? '';
      return { code, line: text.split('\n')[span.line - 1] ?? '' };
    });
  }
  return [];
}
