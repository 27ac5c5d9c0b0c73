/**
 * Times products and convolutions in ONNX Runtime's WebAssembly, as protocol.ts says. The first argument is the number
 * of threads. Its packages are those of package.json here.
 */
import { best, type Chain, chainData, sampleOf, serve } from './protocol.ts';

type Tensors = Readonly<Record<string, { readonly data: Float32Array }>>;

/** The parts of `onnxruntime-web` and `protobufjs` that are used. */
interface OnnxRuntime {
  readonly env: {
    readonly wasm: { numThreads: number };
    readonly versions: { readonly web?: string };
    logLevel: string;
  };
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => object;
  readonly InferenceSession: {
    create(
      model: Uint8Array,
      options: { readonly executionProviders: readonly string[] },
    ): Promise<{ run(inputs: Readonly<Record<string, object>>): Promise<Tensors> }>;
  };
}
interface Protobuf {
  parse(
    text: string,
    options: { readonly keepCase: boolean },
  ): {
    readonly root: {
      lookupType(name: string): {
        fromObject(message: object): object;
        encode(message: object): { finish(): Uint8Array };
      };
    };
  };
}

/** Not known to TypeScript: most checkouts do without these packages. */
async function load<T>(name: string): Promise<T> {
  try {
    const module = (await import(name)) as { readonly default?: T } & T;
    return module.default ?? module;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    console.error(`${name} is not installed: npm ci --prefix bench/peers`);
    process.exit(1);
  }
}
const protobuf = await load<Protobuf>('protobufjs');
const ort = await load<OnnxRuntime>('onnxruntime-web');

/** Of onnx.proto what a chain of one op needs. */
const { root } = protobuf.parse(
  `
syntax = "proto3";
message Attribute { string name = 1; repeated int64 ints = 8; int32 type = 20; }
message Node {
  repeated string input = 1;
  repeated string output = 2;
  string op_type = 4;
  repeated Attribute attribute = 5;
}
message Tensor { repeated int64 dims = 1; int32 data_type = 2; string name = 8; bytes raw_data = 9; }
message Dimension { int64 dim_value = 1; }
message Shape { repeated Dimension dim = 1; }
message TensorType { int32 elem_type = 1; Shape shape = 2; }
message Type { TensorType tensor_type = 1; }
message Value { string name = 1; Type type = 2; }
message Graph {
  repeated Node node = 1;
  string name = 2;
  repeated Tensor initializer = 5;
  repeated Value input = 11;
  repeated Value output = 12;
}
message OperatorSet { string domain = 1; int64 version = 2; }
message Model { int64 ir_version = 1; Graph graph = 7; repeated OperatorSet opset_import = 8; }
`,
  { keepCase: true },
);
const FLOAT = 1;
const INTS = 7;

/** The weights are constants, so that they may be packed before. */
function modelOf({ op, x, w, chain }: Chain, weights: Float32Array): Uint8Array {
  const type = { tensor_type: { elem_type: FLOAT, shape: { dim: x.map((n) => ({ dim_value: n })) } } };
  const node = Array.from({ length: chain }, (_, i) => ({
    input: [`x${i}`, 'w'],
    output: [`x${i + 1}`],
    op_type: op === 'matmul' ? 'MatMul' : 'Conv',
    attribute: op === 'matmul' ? [] : [{ name: 'pads', type: INTS, ints: [1, 1, 1, 1] }],
  }));
  const graph = {
    node,
    name: 'chain',
    initializer: [{ dims: w, data_type: FLOAT, name: 'w', raw_data: new Uint8Array(weights.buffer) }],
    input: [{ name: 'x0', type }],
    output: [{ name: `x${chain}`, type }],
  };
  const Model = root.lookupType('Model');
  const message = { ir_version: 8, graph, opset_import: [{ domain: '', version: 13 }] };
  return Model.encode(Model.fromObject(message)).finish();
}

const threads = Number(process.argv[2]);
ort.env.wasm.numThreads = threads;
ort.env.logLevel = 'error';

const prepared = new Map<string, () => Promise<Float32Array>>();

async function prepare(chain: Chain): Promise<() => Promise<Float32Array>> {
  const { x, w } = chainData(chain);
  const session = await ort.InferenceSession.create(modelOf(chain, w), { executionProviders: ['wasm'] });
  const input = new ort.Tensor('float32', x, chain.x);
  return async () => (await session.run({ x0: input }))[`x${chain.chain}`].data;
}

await serve(`onnxruntime-web ${ort.env.versions.web}, ${threads} threads`, async (request) => {
  if (!('chain' in request)) throw new Error('no networks here');
  const { chain, seconds } = request;
  const run = prepared.get(chain.name) ?? (await prepare(chain));
  prepared.set(chain.name, run);
  const sample = sampleOf(await run());
  return { ms: await best(run, seconds), sample };
});
process.exit(0);
