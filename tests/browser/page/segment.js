// All that this page has of archc is the runtime, and the folder of a program for the processor at /net/.
import { CpuDevice, openProgram } from '/runtime.js';

const data = new Float32Array(await (await fetch('/image')).arrayBuffer());
const { shape, spacing } = await (await fetch('/image.json')).json();
const image = { data, shape, spacing };

const program = await openProgram('/net/');
const ready = program.preprocess(image);
const model = await program.start(new CpuDevice());
const { labels } = await model.segment(image, { mirror: true });
model.destroy();

const sent = { shape: ready.shape, ready: [...ready.data], labels: [...labels] };
await fetch('/result', { method: 'POST', body: JSON.stringify(sent) });
