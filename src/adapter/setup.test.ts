import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { setUp } from './setup.ts';

describe.runIf(process.platform === 'linux' && process.arch === 'x64')(
  'set-up without any installed driver',
  () => {
    const empty = mkdtempSync(join(tmpdir(), 'archc-empty-'));
    beforeEach(() => {
      for (const name of ['XDG_DATA_DIRS', 'XDG_DATA_HOME', 'XDG_CONFIG_DIRS', 'XDG_CONFIG_HOME'])
        vi.stubEnv(name, empty);
      vi.stubEnv('VK_DRIVER_FILES', undefined);
      vi.stubEnv('VK_ICD_FILENAMES', undefined);
    });
    afterEach(() => vi.unstubAllEnvs());
    afterAll(() => rmSync(empty, { recursive: true }));

    it('says why it takes SwiftShader', async () => {
      const lines: string[] = [];
      const result = await setUp({ log: (line) => lines.push(line), allowInstall: false, adapter: 'auto' });
      expect(result.kind).toBe('swiftshader');
      expect(lines).toEqual([
        'lavapipe is not installed (installing is not allowed); using SwiftShader out of npm instead',
        expect.stringMatching(/^adapter: SwiftShader .*ARCHC_ADAPTER=/),
      ]);
    });

    it('does not take something else than what was asked for', async () => {
      for (const adapter of ['lavapipe', 'gpu'] as const)
        await expect(setUp({ log: () => {}, allowInstall: false, adapter })).rejects.toMatchObject({
          name: 'JobError',
          code: 'no-adapter',
        });
    });
  },
);
