import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { initialise } from '../../src/compiler/initialise.ts';
import { readLabelMap, writePng } from '../../src/data/png.ts';
import { openModel } from '../../src/files/open.ts';
import { writeSafetensors } from '../../src/tensors/safetensors.ts';
import { float32Tensor } from '../../src/tensors/tensor.ts';
import { temporaryFolder } from '../cli/archc.ts';

const SIZE = 8192;
const CLASSES = 20;
const MEMORY = 2 * 2 ** 30;

const SPEC = `import { Conv2d } from "archc/lib/nn.arch"

model M() {
  input image: [B, 3, 512, 512]
  stem = Conv2d(3, 8, 3, padding: 1)
  head = Conv2d(8, ${CLASSES}, 1)
  forward { y = head(silu(stem(image))) }
  output logits: [B, ${CLASSES}, 512, 512] = y
}
`;

const folder = temporaryFolder();
const names = ['a.png', 'b.png'];
const inFolder = (name: string) => join(folder, name);

test.runIf(process.platform === 'linux')(
  `images of ${SIZE}×${SIZE} are segmented into ${CLASSES} classes within 2 GiB, one after the other`,
  async () => {
    writeFileSync(inFolder('m.arch'), SPEC);
    const { parameters } = openModel(inFolder('m.arch'), {});
    const weights = parameters.map((p) => [p.name, float32Tensor([...p.shape], initialise(p, 1))] as const);
    writeSafetensors(inFolder('w.safetensors'), new Map(weights));
    const data = new Uint8Array(SIZE * SIZE * 3);
    for (let i = 0; i < SIZE * SIZE; i++) {
      const [y, x] = [Math.floor(i / SIZE), i % SIZE];
      data.set([x >> 5, y >> 5, (x ^ y) >> 5], 3 * i);
    }
    mkdirSync(inFolder('images'));
    for (const name of names)
      writePng(inFolder(`images/${name}`), { width: SIZE, height: SIZE, channels: 3, depth: 8, data });
    const args = ['predict', inFolder('m.arch'), '--weights', inFolder('w.safetensors')];
    const files = ['--input', inFolder('images'), '--output', inFolder('maps'), '--backend', 'cpu'];
    const child = spawn(process.execPath, [resolve('bin/archc.mjs'), ...args, ...files], { stdio: 'ignore' });
    // What the process had at most so far, as the system counts it.
    let most = 0;
    const look = setInterval(() => {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      most = Math.max(most, 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0));
    }, 200);
    const code = await new Promise((done) => child.on('close', done));
    clearInterval(look);
    expect(code).toBe(0);
    expect(most).toBeGreaterThan(2 ** 29);
    expect(most).toBeLessThan(MEMORY);
    for (const name of names) {
      const map = readLabelMap(inFolder(`maps/${name}`));
      expect([map.width, map.height]).toEqual([SIZE, SIZE]);
      expect(new Set(map.data).size).toBeGreaterThan(1);
    }
  },
);
