// `npm run bench` and `npm run parity`: runs a program of the sources, without the drivers' own messages.
import { prepare } from './prepare.mjs';
import { runQuietly } from './quiet.mjs';

process.exitCode = await prepare({ development: true, adapter: false });
if (process.exitCode === 0)
  process.exitCode = await runQuietly(['--import', 'tsx', ...process.argv.slice(2)]);
