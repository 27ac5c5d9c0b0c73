import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// Slow checks are named *.full.test.ts and run only under `npm run test:full`.
const full = process.env['ARCHC_FULL'] === '1';

// Of the two, Node takes FORCE_COLOR, and warns about NO_COLOR beside it.
delete process.env['FORCE_COLOR'];

/**
 * Deals files out to the parts of `--shard` in turn, slow ones first: no part gets more of them than another. Those that
 * run whole networks start first, though vitest, which knows no times in a fresh clone, has short files last: else one
 * worker is at them when the other has nothing left.
 */
class Dealer extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const whole = ({ moduleId }: TestSpecification) => /\/tests\/(parity|networks)\//.test(moduleId);
    return [...sorted.filter(whole), ...sorted.filter((file) => !whole(file))];
  }

  override async shard(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { index, count } = this.ctx.config.shard ?? { index: 1, count: 1 };
    const key = ({ moduleId }: TestSpecification) =>
      `${moduleId.endsWith('.full.test.ts') ? 0 : 1}${moduleId}`;
    const sorted = files.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
    return sorted.filter((_, i) => i % count === index - 1);
  }
}

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'grammar/**/*.test.ts', 'codegen/**/*.test.ts', 'tests/**/*.test.ts'],
    exclude: full ? [] : ['**/*.full.test.ts'],
    testTimeout: full ? 3_600_000 : 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // Files of a worker share what they import, and what the engine has optimised of it: a test leaves the process as it
    // found it (variables, folder, spies).
    isolate: false,
    maxWorkers: 2,
    sequence: { sequencer: Dealer },
    env: {
      // Messages are compared as text: colours that CI asks for stay out of every child.
      NO_COLOR: '1',
      // lavapipe compiles kernels that run once on little data: without LLVM's optimisations in half the time.
      ...(full ? {} : { GALLIVM_PERF: 'nopt' }),
    },
  },
});
