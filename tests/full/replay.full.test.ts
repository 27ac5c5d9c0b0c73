import { describe, test } from 'vitest';
import { shippedNames } from '../../src/files/spec-files.ts';
import { replayNetwork, replayTargets } from '../networks/replay.ts';

const shipped = shippedNames();

describe.each(replayTargets)('%s', (target) => {
  test.each(shipped)('%s at full size: every dispatch finds in memory what it reads', (spec) => {
    replayNetwork(spec, target);
  });
});
