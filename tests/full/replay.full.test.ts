import { readdirSync } from 'node:fs';
import { describe, test } from 'vitest';
import { replayNetwork, replayTargets } from '../networks/replay.ts';

const shipped = readdirSync(new URL('../../specs/', import.meta.url))
  .filter((f) => f.endsWith('.arch'))
  .map((f) => f.slice(0, -'.arch'.length));

describe.each(replayTargets)('%s', (target) => {
  test.each(shipped)('%s at full size: every dispatch finds in memory what it reads', (spec) => {
    replayNetwork(spec, target);
  });
});
