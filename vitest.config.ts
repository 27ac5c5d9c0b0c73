import { defineConfig } from 'vitest/config';

// Slow checks are named *.full.test.ts and run only under `npm run test:full`.
const full = process.env['ARCHC_FULL'] === '1';

// Of the two, Node takes FORCE_COLOR, and warns about NO_COLOR beside it.
delete process.env['FORCE_COLOR'];

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'grammar/**/*.test.ts', 'codegen/**/*.test.ts', 'tests/**/*.test.ts'],
    exclude: full ? [] : ['**/*.full.test.ts'],
    testTimeout: full ? 3_600_000 : 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
    // Messages are compared as text: colours that CI asks for stay out of every child.
    env: {
      NO_COLOR: '1',
      // lavapipe compiles kernels that run once on little data: without LLVM's optimisations in half the time.
      ...(full ? {} : { GALLIVM_PERF: 'nopt' }),
    },
  },
});
