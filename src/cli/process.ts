import { writeError } from '../tensors/atomic-file.ts';
import { main } from './main.ts';
import { report } from './report.ts';

export { opensDevice } from './main.ts';

/** Runs the command line as this process: sets its exit code, and reports errors that no caller caught as any other. */
export async function runAsProcess(args: readonly string[]): Promise<void> {
  process.on('uncaughtException', (error) => process.exit(report(error, args)));
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // The reader of a pipe, such as `head`, has seen enough.
    if (error.code === 'EPIPE') process.exit(0);
    process.exit(report(writeError('stdout', error), args));
  });
  process.exitCode = await main(args);
}
