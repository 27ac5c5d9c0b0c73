import { fileURLToPath } from 'node:url';
import { describe, expect, test, vi } from 'vitest';
import { checkParity } from './check.ts';
import { fixtureNames, readFixture } from './fixture.ts';

const folder = fileURLToPath(new URL('../fixtures/networks', import.meta.url));

describe.each(fixtureNames(folder))('%s', (name) => {
  test.each(['webgpu', 'reference'] as const)(
    'outputs, gradients and trajectory equal the reference on %s',
    async (side) => {
      vi.spyOn(process.stdout, 'write').mockReturnValue(true);
      const fixture = readFixture(folder, name);
      const report = await checkParity(fixture, fixture.info.net, side);
      vi.restoreAllMocks();
      for (const d of Object.values(report)) expect(d?.used ?? 0, d?.tensor).toBeLessThanOrEqual(1);
      expect(report.trained !== undefined).toBe(fixture.info.train !== undefined);
    },
  );
});
