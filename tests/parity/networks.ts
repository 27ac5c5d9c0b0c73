import { fileURLToPath } from 'node:url';
import { describe, expect, test, vi } from 'vitest';
import { type BackendName, checkParity } from './check.ts';
import { fixtureNames, readFixture } from './fixture.ts';

const folder = fileURLToPath(new URL('../fixtures/networks', import.meta.url));

/** What `archc run`, `grad` and `fit` give for the fixtures of networks, all if not told. */
export function describeParity(
  backends: readonly BackendName[],
  names: readonly string[] = fixtureNames(folder),
): void {
  describe.each(names)('%s', (name) => {
    test.each(backends)('outputs, gradients and trajectory equal the reference on %s', async (backend) => {
      vi.spyOn(process.stdout, 'write').mockReturnValue(true);
      const fixture = readFixture(folder, name);
      const report = await checkParity(fixture, fixture.info.net, backend);
      vi.restoreAllMocks();
      for (const d of Object.values(report)) expect(d?.used ?? 0, d?.tensor).toBeLessThanOrEqual(1);
      expect(report.trained !== undefined).toBe(fixture.info.train !== undefined);
    });
  });
}
