import { fileURLToPath } from 'node:url';
import { describe, test } from 'vitest';
import { fixtureNames, readFixture, setTexts } from '../parity/fixture.ts';
import { replayNetwork, replayTargets } from './replay.ts';

const folder = fileURLToPath(new URL('../fixtures/networks', import.meta.url));

describe.each(replayTargets)('%s', (target) => {
  test.each(fixtureNames(folder))('%s: every dispatch finds in memory what it reads', (name) => {
    const { net, config, batch } = readFixture(folder, name).info;
    replayNetwork(net, target, { set: setTexts(config), batch });
  });
});
