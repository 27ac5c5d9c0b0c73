import { LABELS, trainedLabels } from '../language/compared.ts';
import { type ElaboratedModel, storedTensors, type TrainSection } from '../language/model.ts';
import type { Facts, TrainedOnFacts, TrainingFacts } from '../program/facts.ts';
import type { Program } from '../program/program.ts';
import { labelValues } from '../recipe/losses.ts';

/** What a program says of the model that it was compiled from. */
export function factsOf(
  model: ElaboratedModel,
  program: Program,
  training?: TrainingFacts,
  trainedOn?: TrainedOnFacts,
): Facts {
  const known = new Set(program.tensors.map(({ kind, name }) => `${kind}:${name}`));
  const unread = storedTensors(model).filter(
    ({ name }) => !known.has(`param:${name}`) && !known.has(`buffer:${name}`),
  );
  return {
    config: model.config,
    inputs: model.inputs.map(({ name, shape }) => ({ name, dtype: 'f32', shape })),
    unread: unread.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
    training,
    ...(trainedOn && { trainedOn }),
  };
}

/** @param step the entries of a step, in the order in which they run */
export function trainingFacts(
  model: ElaboratedModel,
  section: TrainSection,
  step: readonly string[],
): TrainingFacts {
  const { name, optimizer, schedule, steps, seed } = section;
  const counts = trainedLabels(model.outputs, section).map(
    ({ labels, loss, output }) => [labels, labelValues(loss, output.dims[1].size)] as const,
  );
  const { [LABELS]: classes, ...targets } = Object.fromEntries(counts);
  return {
    section: name,
    step,
    classes,
    ...(counts.length > 1 && { targets }),
    optimizer,
    schedule,
    steps,
    seed,
  };
}
