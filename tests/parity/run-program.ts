import type { Entries } from '../../src/ir/graph.ts';
import type { ElaboratedModel } from '../../src/language/model.ts';
import type { Program } from '../../src/program/program.ts';
import type { OpenSession } from '../../src/runtime/session.ts';
import type { Tensor } from '../../src/tensors/tensor.ts';
import { type Fixture, outputTensors, sourcesOf } from './fixture.ts';

/** All outputs of a program's entries, run one after the other, on the fixture's weights and batch. */
export async function runProgram(
  open: OpenSession,
  program: Program,
  entries: Entries,
  fixture: Fixture,
  model: ElaboratedModel,
): Promise<Map<string, Tensor>> {
  const session = await open(program);
  try {
    for (const [kind, name, data] of sourcesOf(fixture, model.inputs[0].name)) {
      if (session.has(kind, name)) session.write(kind, name, data);
    }
    session.run(...Object.keys(entries));
    const tensors: [string, Tensor][] = [];
    for (const [entry, graph] of Object.entries(entries)) {
      const names = graph.outputs.map((o) => o.name);
      const results = await session.readOutputs(entry, names);
      tensors.push(...outputTensors(graph, (name) => results.get(name)!));
    }
    return new Map(tensors);
  } finally {
    session.destroy();
  }
}
