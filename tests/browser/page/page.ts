/** The script of a page and of a worker: gets a job, does it and sends what came of it. */
import type { Job, Outcome } from './job.ts';
import { runJob } from './run.ts';

declare const navigator: { readonly gpu: GPU };

const [job, fixture] = await Promise.all([
  fetch('/job.json').then((response) => response.json() as Promise<Job>),
  fetch('/fixture.safetensors').then((response) => response.arrayBuffer()),
]);
const send = (result: Outcome | { readonly error: string }) =>
  fetch('/result', { method: 'POST', body: JSON.stringify(result) });
try {
  expectNoEval();
  const adapter = await navigator.gpu.requestAdapter();
  if (!adapter) throw new Error('no adapter');
  const { vendor, architecture } = adapter.info;
  const device = await adapter.requestDevice();
  await send({ adapter: `${vendor} ${architecture}`, ...(await runJob(job, fixture, device)) });
} catch (error) {
  await send({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}

/** The policy of the page holds: were it not enforced, nothing would be shown by it. */
function expectNoEval(): void {
  try {
    new Function('');
  } catch {
    return;
  }
  throw new Error('functions can be made of text: the content security policy is not in force');
}
