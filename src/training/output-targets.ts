import { foregroundGroups, type Labelling, labellingOf, targetOfLabels } from '../data/labelling.ts';
import { type ClassGroup, overlapping, type Target, type Targets, targetOf } from '../data/target.ts';
import { InputError } from '../errors.ts';
import { type Compared, comparedOutputs, firstOfEach } from '../language/compared.ts';
import type { ElaboratedModel, TrainSection } from '../language/model.ts';
import { nearest } from '../language/suggest.ts';
import { hasBackground } from '../language/train-outputs.ts';
import { isOfRegions, REGION_LOSS } from '../recipe/losses.ts';

/** What label maps of an output hold. */
export interface HeadLabels {
  readonly labelling: Labelling;
  /** By class id of the data set, the id in this labelling that a perfect prediction has; −1: ignored. */
  readonly ids: Int32Array;
}

/** What the outputs of a network are compared with. */
export interface OutputTargets {
  readonly labels: Targets;
  /** By output, of those with targets of their own; absent where there are none. */
  readonly heads?: Readonly<Record<string, HeadLabels>>;
  /** Of the first output, which predicts. */
  readonly predicted: HeadLabels;
}

/** Of heads, what the metadata of weights says. */
export const labellingsOf = (heads: OutputTargets['heads']): { heads?: Record<string, Labelling> } =>
  heads === undefined
    ? {}
    : { heads: Object.fromEntries(Object.entries(heads).map(([name, { labelling }]) => [name, labelling])) };

interface Data {
  /** For messages. */
  readonly name: string;
  readonly labelling: Labelling;
}

/**
 * The targets of the first output, which predictions are made of, and of all that a section trains, each held against
 * what it is of.
 *
 * @throws InputError `region-targets` where an output compares regions, and its target has classes, or the other way round:
 *   sets of bits would be taken for class ids; `classes-mismatch`: a label that is no class of an output would count as no
 *   loss at all; `bad-target` where a target names what is no class of the data
 */
export function outputTargets(model: ElaboratedModel, section: TrainSection, data: Data): OutputTargets {
  const own = targetOfLabels(data.labelling);
  const compared = comparedOutputs(model.outputs, section);
  checkOwn(model, section, compared, data.name, own);
  const entries = firstOfEach(compared).map(
    (one) => [one.labels, one.target ? headTarget(section, one, data).target : own] as const,
  );
  const heads = compared.flatMap((one) =>
    one.target ? [[one.output.name, headTarget(section, one, data).labels] as const] : [],
  );
  const plain = { labelling: labellingOf(data.labelling), ids: Int32Array.from(own.values.keys()) };
  const predicted = new Map(heads).get(model.outputs[0].name) ?? plain;
  const found = { labels: Object.fromEntries(entries), predicted };
  return heads.length === 0 ? found : { ...found, heads: Object.fromEntries(heads) };
}

/** Holds the data set's own target against the outputs that are compared with it. */
function checkOwn(
  model: ElaboratedModel,
  { name: section }: TrainSection,
  compared: readonly Compared[],
  data: string,
  { names, regions }: Target,
): void {
  const plain = compared.filter(({ target }) => !target);
  const term = plain.flatMap(({ loss }) => loss).find((one) => isOfRegions(one) !== regions);
  if (term) {
    const shown = names.slice(0, 8).join(', ');
    throw new InputError(
      'region-targets',
      regions
        ? `the train section ${section} compares classes (\`${term.kind}\`), but ${data} has regions, which may lie in one another (${shown})`
        : `the train section ${section} compares regions (\`${term.kind}\`), but ${data} has classes, of which a pixel has one (${shown})`,
      regions
        ? `loss = ${REGION_LOSS}`
        : 'losses of classes, such as cross_entropy + dice; or regions, in dataset.json (labels that are lists, regions_class_order) or as the `target` of an output',
    );
  }
  const wrong = plain.filter(({ output }) => output.dims[1].size !== names.length);
  if (wrong.length === 0) return;
  const found = wrong.map(({ output }) => `\`${output.name}\` of ${model.name} has ${output.dims[1].size}`);
  const shown = names.slice(0, 12).map((name, id) => `${id} ${name}`);
  const ids = [...shown, ...(names.length > shown.length ? ['…'] : [])].join(', ');
  const what = regions ? 'regions' : 'classes';
  const background = regions ? ', and no channel for the background' : '';
  throw new InputError(
    'classes-mismatch',
    `${data} has ${names.length} ${what} (${ids})${background}, but ${found.join(', ')}`,
    Object.hasOwn(model.config, 'classes')
      ? `--set classes=${names.length}`
      : `give the model ${names.length} ${what}, or the output a \`target\` of its own in the train section`,
  );
}

/** The target that a section gives an output, and what its label maps hold. */
function headTarget(
  { heads = {} }: TrainSection,
  { output, target: named = [], regions }: Compared,
  { name, labelling }: Data,
): { target: Target; labels: HeadLabels } {
  const { file, line, column } = heads[output.name].span;
  const refuse = (what: string, hint: string) =>
    new InputError('bad-target', `${file}:${line}:${column}: the target of \`${output.name}\` ${what}`, hint);
  const classes = labelling.classes.length;
  const known = knownGroups(labelling);
  const groups = named.map((names): ClassGroup => {
    const unknown = names.find((one) => !known.has(one));
    if (unknown !== undefined) {
      const near = nearest(unknown, known.keys());
      const all = [...known.keys()].join(', ');
      throw refuse(
        `names \`${unknown}\`, which is no class of ${name}`,
        near === undefined ? `its classes are ${all}` : `\`${near}\`; its classes are ${all}`,
      );
    }
    return { name: names.join(' + '), classes: names.flatMap((one) => known.get(one)!) };
  });
  const background = hasBackground(output, regions);
  const [{ name: first }] = labelling.classes;
  if (background && groups.some((group) => group.classes.includes(0)))
    throw refuse(`names \`${first}\``, `leave it out: class 0 is ${first} and all else that no list names`);
  if (!regions && overlapping(groups))
    throw refuse(`has a class of ${name} in two lists`, `losses of regions: loss = ${REGION_LOSS}`);
  const used = new Set(groups.flatMap((group) => group.classes));
  const rest = [...labelling.classes.keys()].filter((id) => !used.has(id));
  const all = background ? [{ name: first, classes: rest }, ...groups] : groups;
  const target = targetOf(all, classes, regions);
  return { target, labels: regions ? paintedLabels(target, first) : classLabels(target) };
}

/** By name, ids of classes; of regions, of all classes in them. */
function knownGroups(labelling: Labelling): Map<string, readonly number[]> {
  const regions = labelling.regions ? foregroundGroups(labelling) : [];
  const classes = labelling.classes.map(({ name }, id) => [name, [id]] as const);
  return new Map([...regions.map((group) => [group.name, group.classes] as const), ...classes]);
}

const classLabels = ({ names, values }: Target): HeadLabels => ({
  labelling: { classes: names.map((name, value) => ({ name, value })) },
  ids: values,
});

/** Regions are painted in order, as 1, 2, …: a region is seen where no later one is. */
function paintedLabels({ names, values }: Target, background: string): HeadLabels {
  const has = (bits: number, region: number) => ((bits >> region) & 1) === 1;
  const ids = values.map((bits) => 32 - Math.clz32(bits));
  const regions = names.map((name, region) => {
    const painted = [...ids].filter((_, id) => has(values[id], region));
    return {
      name,
      values: [...new Set([...painted, region + 1])].sort((a, b) => a - b),
      painted: region + 1,
    };
  });
  const classes = [background, ...names].map((name, value) => ({ name, value }));
  return { labelling: { classes, regions }, ids };
}
