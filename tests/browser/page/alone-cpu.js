// All that this page has of archc is the runtime, and the folder of a program for the processor at /net/.
import { CpuDevice, openProgram } from '/runtime.js';

const load = async (path) => (await fetch(path)).arrayBuffer();
const image = new Float32Array(await load('/image'));
const target = new Int32Array(await load('/target'));

const program = await openProgram('/net/');
const model = await program.start(new CpuDevice({ threads: 2, deterministic: true }), { steps: 20 });
const losses = [];
for (let i = 0; i < 20; i++) losses.push((await model.step({ image, target })).loss);
const { logits } = await model.predict({ image });
const weights = await model.weights();
model.destroy();

const sent = { logits: [...logits.data], losses, weights: [...weights] };
await fetch('/result', { method: 'POST', body: JSON.stringify(sent) });
