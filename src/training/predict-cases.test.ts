import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, it } from 'vitest';
import { CaseThread } from '../data/case-thread.ts';
import { type CaseWork, workHere } from '../data/case-work.ts';
import { readNifti } from '../data/nifti.ts';
import { readVolume } from '../data/planning/volume.ts';
import { readLabelMap, writePng } from '../data/png.ts';
import { type PreparedCase, prepareCase, preparedBytes, type Reading } from '../data/prepared-case.ts';
import { InputError, JobError } from '../errors.ts';
import type { PreprocessingPlan } from '../recipe/preprocessing.ts';
import type { Segmenter } from './predict.ts';
import { type CaseToPredict, type PredictCasesOptions, predictCases } from './predict-cases.ts';

const folder = mkdtempSync(join(tmpdir(), 'archc-cases-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const volume = 'tests/fixtures/metrics/hippocampus_045_gt.nii.gz';
const plan: PreprocessingPlan = {
  transpose_forward: [0, 2, 1],
  normalisation: [{ kind: 'zscore', masked: false }],
  plan_2d: { spacing: [0.7, 1.3] },
};

/** A grey image whose pixels depend on its number. */
function image(number: number, width = 6 + number, height = 5): string {
  const data = Uint8Array.from({ length: width * height }, (_, i) => (number * 37 + i * i) % 251);
  const path = join(folder, 'images', `${number}.png`);
  writePng(path, { width, height, channels: 1, depth: 8, data });
  return path;
}

function toPredict(paths: readonly string[], output: string): CaseToPredict[] {
  return paths.map((path, i) => {
    const files = { id: `case${i}`, images: [path] };
    const name = `case${i}${path.endsWith('.png') ? '.png' : '.nii.gz'}`;
    const bytes = preparedBytes(readVolume(files, { channels: 1 }), 1, plan);
    return { files, path: join(folder, output, name), bytes };
  });
}

/** Class 1 where a pixel is brighter than the mean; `before` is told of each case first. */
function threshold(before: (image: PreparedCase) => unknown = () => {}): Segmenter {
  const segment = async (read: PreparedCase) => {
    await before(read);
    const maps = read.slices.map((slice) => {
      const maps = read.unresampled(slice.image);
      return Uint8Array.from(maps, (value) => (value > 0 ? 1 : 0));
    });
    return read.placed(maps);
  };
  return { segment } as unknown as Segmenter;
}

const options = (segmenter: Segmenter, more: Partial<PredictCasesOptions> = {}): PredictCasesOptions => ({
  ...{ segmenters: [segmenter], channels: 1, readings: [{ plan }], classes: undefined },
  ...more,
});

/** Files of an output by name. */
const written = (output: string) =>
  Object.fromEntries(
    readdirSync(join(folder, output)).map((name) => [name, readFileSync(join(folder, output, name))]),
  );

describe('beside the device', () => {
  it.each([
    ['by a plan', { plan }],
    ['as they lie', {}],
    ['across another axis', { transpose_forward: [2, 0, 1] }],
  ] as [string, Reading][])(
    '%s the same bytes are written as one case after the other',
    async (name, reading) => {
      const paths = [image(0), volume, image(1), image(2, 400, 300), volume, image(3)];
      const order: number[] = [];
      const classes = [
        { name: 'background', value: 0 },
        { name: 'bright', value: 255 },
      ];
      for (const [way, maxBeside] of [
        ['beside', undefined],
        ['alone', 0],
        // The large one has the memory for itself.
        ['mixed', 300_000],
      ] as const) {
        const more = { readings: [reading], classes, onWritten: (i: number) => order.push(i) };
        await predictCases(
          toPredict(paths, `${way} ${name}`),
          options(threshold(), { ...more, ...(maxBeside !== undefined && { maxBeside }) }),
        );
      }
      expect(order).toEqual([0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5]);
      const alone = written(`alone ${name}`);
      expect(Object.keys(alone)).toHaveLength(6);
      expect(written(`beside ${name}`)).toEqual(alone);
      expect(written(`mixed ${name}`)).toEqual(alone);
      expect(new Set(readLabelMap(join(folder, `alone ${name}`, 'case3.png')).data)).toEqual(
        new Set([0, 255]),
      );
    },
  );

  it('networks that read a case in different ways each get theirs', async () => {
    const seen: PreparedCase[] = [];
    const other = { ...plan, plan_2d: { spacing: [2, 2] } } as const;
    const plans = [plan, other, undefined];
    const readings = plans.map((one) => ({ plan: one }));
    // Each is asked for probabilities where there are several.
    const segmenter = {
      probabilities: async function* (read: PreparedCase) {
        seen.push(read);
        for (const slice of read.slices) {
          const one = read.unresampled(slice.image);
          yield Float32Array.of(...one.map((value) => -value), ...one);
        }
      },
    } as unknown as Segmenter;
    await predictCases(
      toPredict([volume, volume], 'together'),
      options(segmenter, { segmenters: [segmenter, segmenter, segmenter], readings }),
    );
    expect(seen).toHaveLength(6);
    for (const i of [0, 1, 2, 3, 4, 5]) {
      const wanted = prepareCase({ id: 'x', images: [volume] }, { channels: 1 }, plans[i % 3]);
      expect(seen[i].slices).toEqual(wanted.slices);
      expect(seen[i].size).toEqual(wanted.size);
    }
    expect(readNifti(join(folder, 'together/case1.nii.gz')).shape).toEqual(readNifti(volume).shape);
  });
});

describe('what goes on at once', () => {
  /** Runs with a log of what is asked for and done. */
  async function logOf(cases: CaseToPredict[], maxBeside: number): Promise<string[]> {
    const log: string[] = [];
    const told = (where: string, work: CaseWork): CaseWork => ({
      prepare: (toDo) => {
        log.push(`${where} prepares ${toDo.files.id}`);
        return work.prepare(toDo);
      },
      write: (toDo) => {
        log.push(`${where} writes ${toDo.path.match(/case\d/)![0]}`);
        return work.write(toDo);
      },
    });
    const segmenter = threshold(async ({ id }) => {
      log.push(`begin ${id}`);
      await new Promise((done) => setTimeout(done, 1));
      log.push(`end ${id}`);
    });
    const more = { maxBeside, onWritten: (i: number) => log.push(`written case${i}`) };
    await predictCases(cases, options(segmenter, more), {
      here: told('main', workHere),
      start: () => ({ ...told('thread', workHere), close: async () => void log.push('closed') }),
    });
    return log;
  }

  it('the next case is prepared, and the one before written, while one is segmented', async () => {
    const log = await logOf(toPredict([image(0), image(1), image(2)], 'log'), 2 ** 20);
    const at = (text: string) => {
      expect(log).toContain(text);
      return log.indexOf(text);
    };
    expect(log[0]).toBe('main prepares case0');
    for (const i of [0, 1]) {
      expect(at(`thread prepares case${i + 1}`)).toBeLessThan(at(`begin case${i}`));
      expect(at(`thread writes case${i}`)).toBeLessThan(at(`begin case${i + 1}`));
      // Never two ahead.
      expect(at(`thread prepares case${i + 1}`)).toBeGreaterThan(i === 0 ? -1 : at(`end case${i - 1}`));
    }
    expect(log.slice(-3)).toEqual(['main writes case2', 'written case2', 'closed']);
  });

  it('a large case has the memory for itself', async () => {
    const paths = [image(0), image(1), image(2, 400, 300), image(3), image(4)];
    const log = await logOf(toPredict(paths, 'large'), 100_000);
    const start = log.indexOf('end case1');
    expect(log.slice(start, log.indexOf('begin case3') + 1)).toEqual([
      ...['end case1', 'main writes case1', 'written case1'],
      ...['main prepares case2', 'begin case2', 'end case2', 'main writes case2', 'written case2'],
      ...['main prepares case3', 'thread prepares case4', 'begin case3'],
    ]);
  });

  it('no thread starts for one case, or where none is small', async () => {
    const log = await logOf(toPredict([image(0)], 'one'), 2 ** 20);
    expect(log.some((line) => line.startsWith('thread') || line === 'closed')).toBe(false);
    const two = await logOf(toPredict([image(0), image(1)], 'two'), 10);
    expect(two.some((line) => line.startsWith('thread') || line === 'closed')).toBe(false);
  });
});

describe('what goes wrong', () => {
  const failure = async (cases: CaseToPredict[], segmenter: Segmenter) =>
    predictCases(cases, options(segmenter)).then(
      () => undefined,
      (error: unknown) => error,
    );

  it.each([0, 1, 3])(
    'an image that is damaged, case %i, is named; those before it are written',
    async (bad) => {
      const output = `damaged ${bad}`;
      const cases = toPredict([image(10), image(11), image(12), image(13), image(14)], output);
      const [path] = cases[bad].files.images;
      writeFileSync(path, readFileSync(path).subarray(0, 60));
      // Longer than it takes to find out.
      const error = await failure(
        cases,
        threshold(() => new Promise((done) => setTimeout(done, 20))),
      );
      expect(error).toBeInstanceOf(InputError);
      expect(error).toMatchObject({ code: 'bad-png', message: expect.stringContaining(path) });
      const names = bad === 0 ? [] : readdirSync(join(folder, output));
      expect(names).toEqual(Array.from({ length: bad }, (_, i) => `case${i}.png`));
      for (let i = 0; i < bad; i++) expect(readLabelMap(join(folder, output, names[i])).width).toBe(16 + i);
    },
  );

  it('a map that cannot be written is named, also where the next case fails, too', async () => {
    const cases = toPredict([image(0), image(1), image(2), image(3)], 'unwritable');
    // A folder stands where the file should.
    mkdirSync(join(cases[1].path, 'x'), { recursive: true });
    for (const next of [() => {}, () => Promise.reject(new Error('the device is lost'))]) {
      const error = await failure(
        cases,
        threshold(({ id }) => (id === 'case2' ? next() : undefined)),
      );
      expect(error).toBeInstanceOf(InputError);
      expect(error).toMatchObject({ code: 'cannot-write', message: expect.stringContaining('case1.png') });
      expect(readdirSync(join(folder, 'unwritable'))).toEqual(['case0.png', 'case1.png']);
    }
  });

  it('where the device fails, the case before is written first', async () => {
    const cases = toPredict([image(0), image(1), image(2)], 'lost');
    const lost = new JobError('device-lost', 'the device is lost');
    const error = await failure(
      cases,
      threshold(({ id }) => (id === 'case1' ? Promise.reject(lost) : 0)),
    );
    expect(error).toBe(lost);
    expect(readdirSync(join(folder, 'lost'))).toEqual(['case0.png']);
  });

  it.each([
    ['an error', "throw new Error('no more')", /failed: no more/],
    ['an exit', 'process.exit(7)', /failed: it ended with code 7/],
  ])('a thread that ends by %s fails what waits for it, and what comes after', async (_, body, message) => {
    const code = `require('node:worker_threads').parentPort.on('message', () => { ${body} });`;
    const thread = new CaseThread(new Worker(code, { eval: true }));
    const toDo = { files: { id: 'a', images: [image(0)] }, channels: 1, readings: [{}] };
    for (const asked of [thread.prepare(toDo), thread.prepare(toDo)]) {
      await expect(asked).rejects.toThrow(JobError);
      await expect(asked).rejects.toThrow(message);
    }
    await expect(thread.prepare(toDo)).rejects.toThrow(message);
    await thread.close();
  });
});
