import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { modelCost } from '../../src/compiler/cost.ts';
import { openModel } from '../../src/files/open.ts';
import { ops } from '../../src/ops/index.ts';
import { type FixtureInfo, setTexts } from './fixture.ts';

/** Full-size networks: what the reference implementations count. */
interface Reference extends Pick<FixtureInfo, 'net' | 'config' | 'params' | 'state_dict'> {
  readonly macs: number;
  readonly scan_macs_vmamba_convention: number;
}

const folder = fileURLToPath(new URL('../fixtures/reference', import.meta.url));

describe.each(readdirSync(folder))('%s', (file) => {
  const info = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Reference;
  const set = setTexts(info.config);

  test('parameters, multiply-adds and every tensor equal the reference', () => {
    const cost = modelCost(openModel(info.net, { set }), ops);
    expect(cost.params).toBe(info.params);
    expect(cost.macs).toBe(info.macs);
    expect(cost.scan_macs).toBe(info.scan_macs_vmamba_convention);
    const line = ([name, shape]: readonly [string, readonly number[]]) => `${name} [${shape.join(', ')}]`;
    expect(cost.tensors.map(line).sort()).toEqual(info.state_dict.map(line).sort());
  });
});
