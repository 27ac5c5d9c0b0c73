import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../cli/archc.ts';
import { rowsOf, type Task } from './examples.ts';
import { commandsOf, ofRuns, runSmall, tinyWork } from './readme-commands.ts';

/** The runs that are made here; in the full run all. */
const chosen: Readonly<Record<Task, readonly string[]>> = {
  'abdomen-mri': ['nnunet', 'swin-umamba'],
  endoscopy: ['swin-umamba', 'fold-0'],
  microscopy: ['swin-umamba-d'],
};
const full = process.env['ARCHC_FULL'] === '1';
const runsOf = (task: Task) => (full ? [...rowsOf(task).map(({ name }) => name), 'fold-0'] : chosen[task]);

describe.each(Object.keys(chosen) as Task[])('%s', (task) => {
  const folder = join(temporaryFolder(), task);
  const set = tinyWork(task, folder);
  const runs = runsOf(task);
  const commands = ofRuns(set, commandsOf(set, folder), runs);
  const inWork = (name: string) => readFileSync(join(set.work, name), 'utf8');

  test('the commands of its README, in their order, on a tiny data set and with small networks', async () => {
    for (const words of commands) await runSmall(words, set);
    for (const run of runs) {
      expect(JSON.parse(inWork(`${run}/run.json`))).toMatchObject({ status: 'finished', steps_done: 2 });
      if (run === 'fold-0') {
        if (task === 'endoscopy') expectWholeSequences(inWork('fold-0/metrics.json'));
        continue;
      }
      const [head, ...lines] = inWork(`${run}.csv`).split('\r\n');
      expect(head).toMatch(task === 'microscopy' ? /,label,f1,/ : /,label,dsc,nsd$/);
      expect(lines.filter((line) => /,mean,/.test(line)).length).toBeGreaterThan(0);
    }
  });
});

/** The frames that are held back are all those of some sequences, which have two. */
function expectWholeSequences(metrics: string): void {
  const { validation } = JSON.parse(metrics) as { validation: { held_back: string[] } };
  const sequences = validation.held_back.map((id) => id.split('_')[0]);
  expect(sequences).toHaveLength(2);
  expect(new Set(sequences).size).toBe(1);
}

test('the means over frames are those over the instruments that a frame has', async () => {
  const folder = temporaryFolder();
  const set = tinyWork('endoscopy', folder);
  const lines = [
    'predictions,row,case,label,dsc,nsd',
    'p,case,a,Vessel Sealer,0.5,0.25',
    'p,case,a,Ultrasound Probe,,',
    'p,case,a,all foreground,0.5,',
    'p,case,b,Vessel Sealer,1,1',
    'p,case,b,Ultrasound Probe,0,0.5',
    'p,case,b,all foreground,1,',
    'p,mean,,Vessel Sealer,0.75,0.625',
  ];
  const csv = join(folder, 'scores.csv');
  writeFileSync(csv, lines.map((line) => `${line}\r\n`).join(''));
  const means = commandsOf(set, folder).filter(([program]) => program === 'awk');
  const printed = await Promise.all(means.map((words) => runSmall([...words.slice(0, -1), csv], set)));
  expect(printed).toEqual(['0.5\n', '0.5\n']);
});
