import type { Session, TensorData } from '../../src/runtime/session.ts';
import type { OpCase } from './cases.ts';

/** The expected results of a case, as a session of its program computes them; the session ends with that. */
export async function resultsIn(
  session: Session,
  { graph, feeds, expected }: Pick<OpCase, 'graph' | 'feeds' | 'expected'>,
): Promise<Map<string, TensorData>> {
  try {
    for (const [name, { value, data }] of feeds) {
      if (!session.has('input', name)) continue;
      const typed = graph.values[value].dtype === 'i32' ? Int32Array.from(data) : Float32Array.from(data);
      session.write('input', name, typed);
    }
    session.run('forward');
    return await session.readOutputs('forward', [...expected.keys()]);
  } finally {
    session.destroy();
  }
}
