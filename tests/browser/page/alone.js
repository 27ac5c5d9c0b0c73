// All that this page has of archc is the runtime, and the folder of a program at /net/.
import { openProgram } from '/runtime.js';

const load = async (path) => (await fetch(path)).arrayBuffer();
const image = new Float32Array(await load('/image'));
const target = new Int32Array(await load('/target'));

const program = await openProgram('/net/');
const device = await program.requestDevice();
const model = await program.start(device, { steps: 20 });
const { logits: before } = await model.predict({ image });
const losses = [];
for (let i = 0; i < 20; i++) losses.push((await model.step({ image, target })).loss);
const { logits: after } = await model.predict({ image });

const adapter = device.adapterInfo.architecture;
const sent = { adapter, before: [...before.data], after: [...after.data], losses };
await fetch('/result', { method: 'POST', body: JSON.stringify(sent) });
