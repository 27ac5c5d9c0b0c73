// `npm run bench` and `npm run parity`: runs a program of the sources, without the drivers' own messages.
import { runQuietly } from './quiet.mjs';

process.exitCode = await runQuietly(['--import', 'tsx', ...process.argv.slice(2)]);
