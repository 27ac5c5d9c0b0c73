import { readdirSync } from 'node:fs';

/** By which TensorBoard knows its files; a number of seconds follows, and whatever tells files apart. */
const PREFIX = 'events.out.tfevents.';

/** Names of the event files in a folder, in the order in which TensorBoard reads them. */
export function eventFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.startsWith(PREFIX))
    .sort();
}

/** The name of a new one, which TensorBoard reads after those that are there. */
export function nextEventFile(folder: string): string {
  const before = eventFiles(folder).map((name) => Number(name.slice(PREFIX.length).split('.')[0]) || 0);
  const seconds = Math.max(Math.floor(Date.now() / 1000), ...before.map((n) => n + 1));
  return `${PREFIX}${String(seconds).padStart(10, '0')}.archc`;
}
