import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { trainingEntries } from '../autodiff/entries.ts';
import { trainSection } from '../compiler/model.ts';
import { kernelRenderer } from '../compiler/renderer.ts';
import { openModel } from '../files/open.ts';
import { portableTarget } from '../kernels/targets.ts';
import { ops } from '../ops/index.ts';
import type { Dispatch, Entry, Program } from '../program/program.ts';
import { planTraced } from './plan.ts';
import { type Access, replay, type TracedEntry } from './replay.ts';
import { HeldBytes } from './replay-memory.ts';

const tiny = fileURLToPath(new URL('../../tests/golden/tiny.arch', import.meta.url));
const [predictor, model] = [false, true].map((training) => openModel(tiny, { batch: 2, training }));
const section = trainSection(model);
const options = { predictor, accumulate: true, ema: true };
const { entries } = trainingEntries(model, section, section.optimizer, ops, options);
const planned = planTraced({ forward: predictor.graph, ...entries }, ops, kernelRenderer(), {
  model: 'tiny',
  batch: 2,
  target: portableTarget,
});

/** What is found where an entry is planned in another way. */
function found(
  name: string,
  change: (entry: Entry, accesses: TracedEntry['accesses']) => [Partial<Entry>, TracedEntry['accesses']],
): string[] {
  const { program, traces } = planned;
  const trace = traces.find((t) => t.name === name)!;
  const [entry, accesses] = change(program.entries[name], trace.accesses);
  const changed: Program = {
    ...program,
    entries: { ...program.entries, [name]: { ...program.entries[name], ...entry } },
  };
  const other = traces.map((t) => (t.name === name ? { ...trace, accesses } : t));
  return replay(changed, other, ops);
}

const swapped = <T>(list: readonly T[], i: number, j: number) =>
  list.map((x, k) => (k === i ? list[j] : k === j ? list[i] : x));
const without = <T>(list: readonly T[], i: number) => list.filter((_, k) => k !== i);

/** Dispatch `i` with one of its places elsewhere. */
function moved(
  dispatches: readonly Dispatch[],
  accesses: TracedEntry['accesses'],
  i: number,
  from: Access,
  to: Access,
) {
  const move = dispatches.map((d, k) =>
    k !== i
      ? d
      : {
          ...d,
          bindings: d.bindings.map(([buffer, offset, size]) =>
            buffer === from.buffer && offset === from.offset
              ? ([to.buffer, to.offset, size] as const)
              : ([buffer, offset, size] as const),
          ),
        },
  );
  const places = accesses.map((list, k) =>
    k !== i ? list : list.map((a) => (a === from ? { ...a, buffer: to.buffer, offset: to.offset } : a)),
  );
  return [{ dispatches: move }, places] as [Partial<Entry>, TracedEntry['accesses']];
}

test('a plan as it is made is sound', () => {
  expect(replay(planned.program, planned.traces, ops)).toEqual([]);
});

describe('what is wrong is found', () => {
  test('any two neighbouring dispatches of which one needs the other, the wrong way round', () => {
    const { accesses } = planned.traces.find((t) => t.name === 'gradients')!;
    let needed = 0;
    accesses.slice(1).forEach((list, i) => {
      const written = new Set(
        accesses[i].filter((a) => a.kind !== 'read').map((a) => `${a.buffer} ${a.offset}`),
      );
      if (!list.some((a) => a.kind === 'read' && written.has(`${a.buffer} ${a.offset}`))) return;
      needed++;
      const problems = found('gradients', ({ dispatches }, all) => [
        { dispatches: swapped(dispatches, i, i + 1) },
        swapped(all, i, i + 1),
      ]);
      expect(problems.join(), `${i}`).toMatch(/reads %\d+, which is not at byte/);
    });
    expect(needed).toBeGreaterThan(5);
  });

  test('any dispatch that is missing', () => {
    for (const name of planned.traces.map((t) => t.name)) {
      planned.program.entries[name].dispatches.forEach((_, i) => {
        const problems = found(name, ({ dispatches }, all) => [
          { dispatches: without(dispatches, i) },
          without(all, i),
        ]);
        expect(problems, `${name} ${i}`).not.toEqual([]);
      });
    }
  });

  test('any value that is written where another lies that is still needed', () => {
    const { accesses } = planned.traces.find((t) => t.name === 'gradients')!;
    let tried = 0;
    accesses.forEach((list, i) => {
      const write = list.find((a) => a.kind === 'write')!;
      // What the dispatch after the next reads and none of the next two writes.
      const [next, later] = [accesses[i + 1] ?? [], accesses[i + 2] ?? []];
      const target = later.find(
        (a) =>
          a.kind === 'read' &&
          a.value.id !== write.value.id &&
          ![...list, ...next].some(
            (b) => b.kind !== 'read' && b.buffer === a.buffer && b.offset === a.offset,
          ),
      );
      if (!target) return;
      tried++;
      const problems = found('gradients', ({ dispatches }, all) => moved(dispatches, all, i, write, target));
      expect(problems, `${i}`).not.toEqual([]);
    });
    expect(tried).toBeGreaterThan(5);
  });

  test('an output that another entry overwrites', () => {
    const output = planned.program.entries['forward'].outputs[0];
    const { accesses } = planned.traces.find((t) => t.name === 'gradients')!;
    const i = accesses.findIndex((list) => list[0].kind === 'write' || list.some((a) => a.kind === 'write'));
    const write = accesses[i].find((a) => a.kind === 'write')!;
    const problems = found('gradients', ({ dispatches }, all) => [
      moved(dispatches, all, i, write, { ...write, buffer: output.buffer, offset: output.offset })[0],
      moved(dispatches, all, i, write, { ...write, buffer: output.buffer, offset: output.offset })[1],
    ]);
    expect(problems.join()).toContain('is not there after gradients');
  });

  test('bindings of one dispatch that overlap, or hold too little', () => {
    const shifted = (by: number, grow: number) =>
      found('update', ({ dispatches }, all) => [
        {
          dispatches: dispatches.map((d) => ({
            ...d,
            bindings: d.bindings.map(([b, offset, size]) => [b, offset + by, size + grow] as const),
          })),
        },
        all,
      ]);
    expect(shifted(0, 512).join()).toContain('through two bindings');
    expect(shifted(256, 0).join()).toContain('from outside of what it binds');
  });
});

test('memory knows for each byte what it holds', () => {
  const memory = new HeldBytes();
  memory.put(0, 100, 1, 0);
  memory.put(40, 20, 2, 8);
  expect(memory.firstOther(0, 40, 1, 0)).toBeUndefined();
  expect(memory.firstOther(0, 100, 1, 0)).toBe(40);
  expect(memory.firstOther(60, 40, 1, 60)).toBeUndefined();
  expect(memory.firstOther(60, 40, 1, 0)).toBe(60);
  expect(memory.firstOther(44, 8, 2, 12)).toBeUndefined();
  expect(memory.firstOther(90, 20, 1, 90)).toBe(100);
  memory.put(30, 50, 3, 0);
  expect(memory.firstOther(30, 50, 3, 0)).toBeUndefined();
  expect(memory.firstOf(0, 30, (label) => label !== 1)).toBeUndefined();
  expect(memory.firstOf(0, 31, (label) => label !== 1)).toBe(30);
  expect(memory.firstOf(30, 0, () => true)).toBeUndefined();
});
