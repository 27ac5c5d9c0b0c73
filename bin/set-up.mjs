// What `npm test` does once packages are installed: makes sure that there is a WebGPU adapter.
import { pathToFileURL } from 'node:url';
import { BuildError, freshBuild } from './build.mjs';

try {
  const { setUp } = await import(`${pathToFileURL(await freshBuild())}/setup.js`);
  await setUp({ log: (line) => console.log(line), allowInstall: process.env.ARCHC_INSTALL !== '0' });
} catch (error) {
  if (error instanceof BuildError) {
    console.error(`error: ${error.message}`);
    process.exitCode = 2;
  } else if (error?.name === 'InputError' || error?.name === 'JobError') {
    console.error(`error[${error.code}]: ${error.message}${error.hint ? `\n  = try: ${error.hint}` : ''}`);
    process.exitCode = error.name === 'InputError' ? 2 : 1;
  } else throw error;
}
