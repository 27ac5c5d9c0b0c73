import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AcquiredDevice, acquireDevice } from '../../src/adapter/acquire.ts';
import type { TrainedOnFacts } from '../../src/program/facts.ts';
import { openProgram } from '../../src/runtime/compiled-model.ts';
import { RunningModel } from '../../src/runtime/running-model.ts';
import { RuntimeError } from '../../src/runtime/runtime-error.ts';
import { writeSafetensors } from '../../src/tensors/safetensors.ts';
import { temporaryFolder } from '../cli/archc.ts';
import { TINY, weightsOf } from '../cli/tiny.ts';
import { compiled, type Json, jsonOf, signed, untouchable, withJson } from './compiled.ts';

const folder = temporaryFolder();
let files: Map<string, Uint8Array>;
let document: Json;
let acquired: AcquiredDevice;
beforeAll(async () => {
  acquired = await acquireDevice({ limits: 'default' });
  const weights = `${folder}/weights.safetensors`;
  writeSafetensors(weights, weightsOf(), { trained_on: JSON.stringify(trainedOn) });
  files = await compiled(`${folder}/tiny`, TINY, '--batch', '2', '--weights', weights);
  document = JSON.parse(jsonOf(files)) as Json;
});
afterAll(() => acquired?.destroy());

/** What weights say of the data that they were trained on. */
const trainedOn: TrainedOnFacts = {
  channels: ['CT', 'MR', 'T2'],
  classes: ['background', 'core', 'rim'].map((name, value) => ({ name, value })),
  pixels: [0.5, 1],
  plan: {
    transpose_forward: [0, 1, 2],
    normalisation: [
      { kind: 'ct', low: -100, high: 300, mean: 80, std: 40 },
      { kind: 'zscore', masked: true },
      { kind: 'none' },
    ],
    plan_2d: { spacing: [0.8, 0.8] },
  },
};

/** The code of the error that a program ends with; undefined where it is opened. Anything else fails the test. */
async function codeOf(files: ReadonlyMap<string, Uint8Array>): Promise<string | undefined> {
  try {
    await openProgram(files);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(RuntimeError);
    const { code, message, hint } = error as RuntimeError;
    expect(message.length).toBeLessThan(500);
    expect(hint).not.toBe('');
    return code;
  }
}

/** What a field may hold that nobody expects there. */
const values: readonly Json[] = [
  ...[null, true, false, -1, 0, 1, 3, 0.5, 255, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 60, 1e308, -1e308],
  ...['', 'x', '../../etc/passwd', '__proto__', 'constructor', 'input', 'f32', '\u0000', 'y'.repeat(10_000)],
  ...[[], {}, [[]], [-1], [2 ** 53], ['x'], { length: 3 }, [0, 0, 2 ** 40], [2 ** 31, 2 ** 31, 2 ** 31]],
];

/** All values in the full run; else, where the digest gives a change away, those tried for what reading them does. */
const full = process.env['ARCHC_FULL'] === '1';
const few = full ? values : values.filter((_, i) => i % 6 === 0);
/** And where it does not, other ones at one place than at the next. */
const many = (place: number) => (full ? values : values.filter((_, i) => (i + place) % 3 === 0));

/** Where the document may be changed: of equal elements of lists the first and the last. */
function places(part: Json, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  const keys = Array.isArray(part)
    ? [...new Set([0, part.length - 1])].filter((i) => i >= 0 && i < part.length)
    : typeof part === 'object' && part !== null
      ? Object.keys(part)
      : [];
  const below = keys.flatMap((key) => places((part as Record<string | number, Json>)[key], [...path, key]));
  return [path, ...below];
}

/** A copy with another value at a place; `undefined` takes the place away. */
function changed(part: Json, [key, ...rest]: readonly (string | number)[], value: Json | undefined): Json {
  if (key === undefined) return value ?? null;
  const copy = (Array.isArray(part) ? [...part] : { ...(part as object) }) as Record<string | number, Json>;
  if (rest.length > 0) copy[key] = changed(copy[key], rest, value);
  else if (value !== undefined) copy[key] = value;
  else if (Array.isArray(copy)) copy.splice(Number(key), 1);
  else delete copy[key];
  return copy as Json;
}

describe('program.json', () => {
  test('any other value at any place ends in an error with a code', async () => {
    for (const place of places(document)) {
      for (const value of [undefined, ...few]) {
        const json = JSON.stringify(changed(document, place, value));
        if (json !== JSON.stringify(document))
          expect(await codeOf(withJson(files, `${json}\n`))).toBeDefined();
      }
    }
  });

  test('with a digest that fits, it is refused or says nothing that a device has to refuse', async () => {
    const opened = new Map<string, Map<string, Uint8Array>>();
    const codes = new Set<string>();
    for (const [k, place] of places(document).entries()) {
      for (const value of [undefined, ...many(k)]) {
        const forged = signed(files, changed(document, place, value));
        const code = await codeOf(forged);
        if (code === undefined) opened.set(place.join('.'), forged);
        else codes.add(code);
      }
    }
    expect([...codes].sort()).toEqual([
      'program-bounds',
      'program-file',
      'program-format',
      'program-version',
    ]);
    // What is left is another program, such as one of a shorter list of dispatches: one of each place is made.
    const results = new Set<string>();
    for (const forged of opened.values()) {
      const program = await openProgram(forged);
      const given = await program.start(acquired.device).catch((error: unknown) => error);
      if (given instanceof RunningModel) given.destroy();
      else expect(given).toBeInstanceOf(RuntimeError);
      results.add(given instanceof RuntimeError ? given.code : 'started');
    }
    for (const result of results)
      expect(['started', 'adapter-limits', 'shader-error', 'bad-weights', 'program-file']).toContain(result);
    expect(opened.size).toBeGreaterThan(50);
  });

  test('a field that is not known is refused everywhere', async () => {
    for (const place of places(document)) {
      const found = place.reduce((part, key) => (part as Record<string | number, Json>)[key], document);
      if (typeof found !== 'object' || found === null || Array.isArray(found)) continue;
      if (/^plans\.\d\.entries$|^facts\.config$/.test(place.join('.'))) continue;
      const json = JSON.stringify(changed(document, [...place, 'surprise'], 1));
      expect([place.join('.'), await codeOf(signed(files, JSON.parse(json) as Json))]).toEqual([
        place.join('.'),
        'program-format',
      ]);
      const own = JSON.stringify(changed(document, [...place, 'model '], 1)).replace(
        '"model "',
        '"__proto__"',
      );
      expect(await codeOf(withJson(files, own))).toBe('program-format');
    }
  });

  test('cut off or overwritten anywhere it is no program', async () => {
    const json = jsonOf(files);
    for (let i = 0; i < 200; i++) {
      const at = Math.floor((i / 200) * (json.length - 1));
      expect(await codeOf(withJson(files, json.slice(0, at)))).toBe('program-format');
      const bytes = new TextEncoder().encode(json);
      bytes[at] = 0xff;
      expect(await codeOf(new Map([...files, ['program.json', bytes]]))).toBe('program-file');
    }
    for (const text of ['null', '[]', '0', '"x"', '{}', `${'['.repeat(100_000)}${']'.repeat(100_000)}`])
      expect(await codeOf(withJson(files, text))).toBe('program-format');
  });

  test('another version of the format is said to be one', async () => {
    const error = openProgram(withJson(files, JSON.stringify(changed(document, ['format'], 5))));
    await expect(error).rejects.toMatchObject({
      code: 'program-version',
      message: /version 5.* versions 3 and 4/,
    });
  });

  test('the place and what is wrong there are named', async () => {
    const json = JSON.stringify(
      changed(document, ['plans', 0, 'entries', 'forward', 'dispatches', 0, 'kernel'], -1),
    );
    await expect(openProgram(withJson(files, json))).rejects.toThrow(
      /^program\.json: plans\[0\]\.entries\.forward\.dispatches\[0\]\.kernel is -1, expected a whole number from 0/,
    );
  });
});

describe('files', () => {
  test('each is needed, and must be the one that was written', async () => {
    for (const [name, bytes] of files) {
      if (name === 'weights.safetensors') continue;
      const without = new Map(files);
      without.delete(name);
      expect(await codeOf(without)).toBe('program-file');
      if (name === 'program.json') continue;
      const other = bytes.slice();
      other[other.length - 1] ^= 1;
      for (const wrong of [other, bytes.slice(1), new Uint8Array()])
        expect(await codeOf(new Map([...files, [name, wrong]]))).toBe('program-file');
    }
  });

  test('weights of another program are refused before the device is touched', async () => {
    const name = 'weights.safetensors';
    const bytes = files.get(name)!.slice();
    bytes[bytes.length - 1] ^= 1;
    const start = async (files: ReadonlyMap<string, Uint8Array>, weights?: Uint8Array) =>
      (await openProgram(files)).start(untouchable, { weights });
    await expect(start(new Map([...files, [name, bytes]]))).rejects.toMatchObject({ code: 'program-file' });
    const none = new Map(files);
    none.delete(name);
    await expect(start(none)).rejects.toMatchObject({ code: 'program-file' });
    for (const weights of [new Uint8Array(), bytes.slice(0, 100), new TextEncoder().encode('x'.repeat(100))])
      await expect(start(files, weights)).rejects.toMatchObject({ code: 'bad-weights' });
  });

  test('a function that fails, and an address without files, are errors with a code', async () => {
    const fails = openProgram(() => Promise.reject(new Error('no such file')));
    await expect(fails).rejects.toMatchObject({
      code: 'program-file',
      message: /program\.json.*no such file/,
    });
    for (const nowhere of ['http://127.0.0.1:9/net', new URL('http://127.0.0.1:9/net/'), 'not an address'])
      await expect(openProgram(nowhere)).rejects.toMatchObject({ code: 'program-file' });
  });
});
