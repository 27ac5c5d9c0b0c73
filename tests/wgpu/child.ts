/**
 * Runs in Deno: `child.js FOLDER` does each `NAME.job.json` of the folder and writes `NAME.result.json` beside it.
 * Ends with 1 where there is no adapter, and says so.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { WebgpuSession } from '../../src/runtime/webgpu/session.ts';
import { type Job, type JobResult, type Text, typed } from './job.ts';

declare const navigator: Partial<NavigatorGPU>;

const [folder] = process.argv.slice(2);
const adapter = await navigator.gpu?.requestAdapter();
if (!adapter) {
  console.error('wgpu finds no adapter');
  process.exit(1);
}
console.log(adapter.info.description);
// No more is asked for than WebGPU's default limits, and the feature that programs in half precision need.
const half = 'shader-f16' as const;
const device = await adapter.requestDevice({ requiredFeatures: adapter.features.has(half) ? [half] : [] });

async function run({ program, feeds }: Job): Promise<JobResult> {
  try {
    const session = await WebgpuSession.create(device, program);
    try {
      for (const feed of feeds) session.write(feed.kind, feed.name, typed(program, feed));
      session.run(...Object.keys(program.entries));
      const results: Record<string, number[]> = {};
      for (const [entry, { outputs }] of Object.entries(program.entries)) {
        const names = outputs.map(({ name }) => name);
        for (const [name, data] of await session.readOutputs(entry, names)) results[name] = Array.from(data);
      }
      return { outputs: results };
    } finally {
      session.destroy();
    }
  } catch (error) {
    const { code = 'error', message } = error as { code?: string; message: string };
    return { error: `${code}: ${message}` };
  }
}

/** What naga says of a text; limits of the device, which pipelines are held to, play no part. */
async function check({ wgsl }: Text): Promise<JobResult> {
  device.pushErrorScope('validation');
  device.createShaderModule({ code: wgsl });
  const error = await device.popErrorScope();
  return error ? { error: `${error.message}\n${wgsl}` } : { outputs: {} };
}

for (const file of readdirSync(folder)) {
  if (!file.endsWith('.job.json')) continue;
  const job = JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')) as Job | Text;
  const result = await ('wgsl' in job ? check(job) : run(job));
  writeFileSync(`${folder}/${file.replace(/job\.json$/, 'result.json')}`, JSON.stringify(result));
}
process.exit(0);
