/**
 * archc's side of the benchmark `peers`, as protocol.ts says: the CPU device. The first argument is the number of
 * threads; `--deterministic` takes plain multiply and add.
 */
import { cpuBackend } from '../../src/backend/cpu.ts';
import { initialise } from '../../src/compiler/initialise.ts';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import { openModel } from '../../src/files/open.ts';
import { GraphBuilder } from '../../src/ir/builder.ts';
import type { Graph } from '../../src/ir/graph.ts';
import { ops } from '../../src/ops/index.ts';
import { hasRelaxedSimd } from '../../src/runtime/wasm/compile-module.ts';
import type { WasmSession } from '../../src/runtime/wasm/wasm-session.ts';
import { peak } from './peak.ts';
import { best, type Chain, chainData, networkInput, sampleOf, serve } from './protocol.ts';

const threads = Number(process.argv[2]);
const deterministic = process.argv.includes('--deterministic');
const relaxed = !deterministic && hasRelaxedSimd();

const backend = cpuBackend(ops, kernelRenderer(), { threads, deterministic });

const made = async (graph: Graph, model: string): Promise<WasmSession> =>
  (await backend.prepare({ forward: graph }, model, 1)).session;

async function ofChain(chain: Chain): Promise<WasmSession> {
  const b = new GraphBuilder(ops);
  const w = b.source('param', 'w', [...chain.w]);
  let x = b.source('input', 'x', [...chain.x]);
  for (let i = 0; i < chain.chain; i++)
    x = b.apply(chain.op, [x, w], chain.op === 'conv2d' ? { padding: 1 } : {});
  b.output('y', x);
  const session = await made(b.build(), chain.name);
  const data = chainData(chain);
  session.write('input', 'x', data.x);
  session.write('param', 'w', data.w);
  return session;
}

async function ofNetwork(spec: string): Promise<WasmSession> {
  const model = openModel(spec);
  const session = await made(model.graph, model.name);
  for (const p of model.parameters) session.write('param', p.name, initialise(p, 0));
  const [{ name, shape }] = model.inputs;
  session.write('input', name, networkInput(shape));
  return session;
}

const prepared = new Map<string, WasmSession>();
const limit = (await peak(relaxed)).toFixed(1);
const multiply = relaxed ? 'relaxed multiply-add' : 'multiply and add';

await serve(
  `archc, ${threads} threads, ${multiply}, Node ${process.versions.node}; peak in registers ${limit} GFLOP/s a thread`,
  async (request) => {
    const name = 'chain' in request ? request.chain.name : request.network;
    const session =
      prepared.get(name) ?? (await ('chain' in request ? ofChain(request.chain) : ofNetwork(name)));
    prepared.set(name, session);
    const ms = await best(async () => {
      const submitted = session.submit('a run', ['forward']);
      await submitted.results();
      submitted.release();
    }, request.seconds);
    if (!('chain' in request)) return { ms };
    return { ms, sample: sampleOf((await session.readOutputs('forward', ['y'])).get('y')!) };
  },
);
for (const session of prepared.values()) session.destroy();
