import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { describe, expect, test } from 'vitest';
import { bytes } from '../../src/cli/options.ts';
import { archc, expectError, json, temporaryFolder } from './archc.ts';
import { writeDataset, writeInputs, writeWeights } from './tiny.ts';

const folder = temporaryFolder();
const inFolder = (name: string) => join(folder, name);

/** Few weights, and many values between layers. */
const DEEP = inFolder('deep.arch');
writeFileSync(
  DEEP,
  `import { Conv2d, InstanceNorm2d } from "archc/lib/nn.arch"

block Layer(dim: int) {
  conv = Conv2d(dim, dim, 3, padding: 1)
  norm = InstanceNorm2d(dim)
  forward(x: [B, dim, 16, 16]) -> [B, dim, 16, 16] { x + gelu(norm(conv(x))) }
}

model Deep() {
  input image: [B, 3, 16, 16]
  stem = Conv2d(3, 8, 3, padding: 1)
  for i in 0..8 { layers[i] = Layer(8) }
  head = Conv2d(8, 3, 1)
  forward {
    x = stem(image)
    for i in 0..8 { x = layers[i](x) }
    y = head(x)
  }
  output logits: [B, 3, 16, 16] = y
}

train T for Deep {
  loss = cross_entropy
  optimizer = sgd(lr: 0.1)
  batch = 2
  steps = 6
}
`,
);

test.each([
  ['2GiB', 2 ** 31],
  ['1.5GB', 1.5e9],
  ['800MiB', 800 * 2 ** 20],
  ['800 mib', 800 * 2 ** 20],
  ['3k', 3000],
  ['1Ki', 1024],
  ['123456', 123456],
  ['7B', 7],
])('a size of memory: %s', (text, size) => {
  expect(bytes('--memory')(text)).toBe(size);
});

test.each(['', '2X', '-3', 'GiB', '0', '1e9', '2 GiB more', '0x10'])('no size of memory: "%s"', (text) => {
  expect(() => bytes('--memory')(text)).toThrow(InvalidArgumentError);
});

/** Bytes of the program, from its plan. */
async function planned(...more: string[]) {
  const result = await archc('emit', 'plan', DEEP, '--train', '--batch', '2', '--json', ...more);
  expect(result.code).toBe(0);
  return json(result) as {
    bytes: number;
    buffers: { kind: string; size: number }[];
    recomputation?: { bytes_before: number; bytes: number; entries: { entry: string; nodes: number }[] };
  };
}

const whole = await planned();
const values = whole.buffers.reduce((n, { kind, size }) => n + (kind === 'values' ? size : 0), 0);
/** With half of the values. */
const HALF = String(whole.bytes - Math.floor(values / 2));

describe('--memory', () => {
  test('of a plan: what is computed again, and the bytes with and without', async () => {
    expect(whole.recomputation).toBeUndefined();
    const half = await planned('--memory', HALF);
    expect(half.bytes).toBeLessThanOrEqual(Number(HALF));
    expect(half.recomputation).toMatchObject({ bytes_before: whole.bytes, bytes: half.bytes });
    const text = await archc('emit', 'plan', DEEP, '--train', '--batch', '2', '--memory', HALF);
    expect(text.stdout).toMatch(
      new RegExp(
        `^\\d+ nodes \\(gradients, \\d+\\.\\d % more multiply-adds\\) are computed again: ${whole.bytes} bytes → ${half.bytes} bytes$`,
        'm',
      ),
    );
    expect(await planned('--memory', '1GiB')).toEqual(whole);
  });

  test('of the graph: the pass as the planner ran it', async () => {
    const graph = (...more: string[]) => archc('emit', 'graph', DEEP, '--train', '--batch', '2', ...more);
    const after = await graph('--after', 'recompute', '--memory', HALF);
    expect(after.stdout).toMatch(/= again\(/);
    expect((await graph('--after', 'recompute')).stdout).not.toMatch(/= again\(/);
    expectError(await graph('--memory', HALF), 'bad-value', /--after recompute/);
    expectError(await archc('emit', 'ast', DEEP, '--memory', HALF), 'bad-value');
  });

  test('of a compiled program, whose bytes are the same twice', async () => {
    const compile = (name: string, ...more: string[]) =>
      archc('compile', DEEP, '--output', inFolder(name), '--batch', '2', '--memory', HALF, ...more);
    const report = json(await compile('one', '--json'));
    expect(report['device_bytes']).toBeLessThanOrEqual(Number(HALF));
    expect(report).toMatchObject({ recomputation: { bytes: report['device_bytes'] } });
    expect((await compile('two')).stdout).toMatch(
      /nodes \(gradients, .* are computed again: .* MiB → .* MiB$/m,
    );
    const program = (name: string) => readFileSync(inFolder(`${name}/program.json`));
    expect(program('two')).toEqual(program('one'));
  });

  test('that is too little is refused, and so is one for the reference', async () => {
    expectError(
      await archc('compile', DEEP, '--output', inFolder('none'), '--memory', '64KiB'),
      'memory-budget',
      /MiB of weights/,
    );
    const weights = writeWeights(inFolder('w.safetensors'), () => {}, DEEP);
    const input = writeInputs(inFolder('i.safetensors'));
    const grad = (...more: string[]) =>
      archc(
        'grad',
        DEEP,
        '--weights',
        weights,
        '--input',
        input,
        '--output',
        inFolder('g.safetensors'),
        ...more,
      );
    expectError(
      await grad('--backend', 'reference', '--memory', '1GiB'),
      'bad-value',
      /--memory is about kernels/,
    );
    expectError(await grad('--memory', '64KiB'), 'memory-budget', /MiB of weights/);
    expect((await grad('--memory', HALF)).stderr).toMatch(/nodes \(gradients, .* are computed again: /);
  });

  test('of a run is no part of what it is: the losses are those without up to rounding, and it goes on without', async () => {
    const data = writeDataset(inFolder('data'));
    const train = (name: string, ...more: string[]) =>
      archc('train', DEEP, '--data', data, '--output', inFolder(name), ...more);
    const bounded = await train('bounded', '--memory', HALF);
    expect(bounded.code).toBe(0);
    expect(bounded.stderr).toMatch(/nodes \(gradients, .* are computed again: /);
    await train('free');
    const losses = (name: string) =>
      readFileSync(inFolder(`${name}/losses.jsonl`), 'utf8')
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { loss: number }).loss);
    // Six steps in float32, which differ in how kernels are fused.
    losses('bounded').forEach((loss, i) => {
      expect(loss).toBeCloseTo(losses('free')[i], 5);
    });
    const resumed = await train('bounded', '--resume', '--steps', '8');
    expect(resumed.code).toBe(0);
    expect(resumed.stdout).toMatch(/^8 steps/);
  });
});
