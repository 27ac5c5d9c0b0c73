import { fileURLToPath } from 'node:url';
import { describe, test } from 'vitest';
import { fixtureNames, readFixture, setTexts } from '../parity/fixture.ts';
import { replayNetwork, replayTargets } from './replay.ts';

const folder = fileURLToPath(new URL('../fixtures/networks', import.meta.url));

const all = fixtureNames(folder);
/** Each network for one of the targets; in the full run for each. */
const ofTarget = (target: string) =>
  process.env['ARCHC_FULL'] === '1'
    ? all
    : all.filter((_, i) => i % replayTargets.length === replayTargets.indexOf(target));

describe.each(replayTargets)('%s', (target) => {
  test.each(ofTarget(target))('%s: every dispatch finds in memory what it reads', (name) => {
    const { net, config, batch } = readFixture(folder, name).info;
    replayNetwork(net, target, { set: setTexts(config), batch });
  });
});
