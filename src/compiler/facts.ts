import { type ElaboratedModel, storedTensors, type TrainSection } from '../language/model.ts';
import type { Facts, TrainingFacts } from '../program/facts.ts';
import type { Program } from '../program/program.ts';
import { labelValues } from '../recipe/losses.ts';

/** What a program says of the model that it was compiled from. */
export function factsOf(model: ElaboratedModel, program: Program, training?: TrainingFacts): Facts {
  const known = new Set(program.tensors.map(({ kind, name }) => `${kind}:${name}`));
  const unread = storedTensors(model).filter(
    ({ name }) => !known.has(`param:${name}`) && !known.has(`buffer:${name}`),
  );
  return {
    config: model.config,
    inputs: model.inputs.map(({ name, shape }) => ({ name, dtype: 'f32', shape })),
    unread: unread.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
    training,
  };
}

/** @param step the entries of a step, in the order in which they run */
export function trainingFacts(
  model: ElaboratedModel,
  { name, loss, supervise, optimizer, schedule, steps, seed }: TrainSection,
  step: readonly string[],
): TrainingFacts {
  const supervised = model.outputs[supervise.findIndex((weight) => weight !== 0)];
  return {
    section: name,
    step,
    classes: labelValues(loss, supervised.dims[1].size),
    optimizer,
    schedule,
    steps,
    seed,
  };
}
