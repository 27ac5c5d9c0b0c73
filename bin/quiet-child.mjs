// The command line below bin/quiet.mjs: `node quiet-child.mjs BUILD/cli.js ...arguments`.
import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { Writable } from 'node:stream';
import { isatty, WriteStream } from 'node:tty';
import { pathToFileURL } from 'node:url';

const STDERR = 3;
const PARENT = 4;

/** A pipe or file, written to at once as Node does with its own standard error. */
const direct = () =>
  new Writable({
    decodeStrings: true,
    write(chunk, _encoding, done) {
      try {
        for (let at = 0; at < chunk.length; ) at += writeSome(chunk.subarray(at));
      } catch (error) {
        // Nobody reads it any more; that ends no job.
        if (error.code !== 'EPIPE') return done(error);
      }
      done();
    },
  });

function writeSome(bytes) {
  try {
    return writeSync(STDERR, bytes);
  } catch (error) {
    if (error.code === 'EAGAIN') return 0;
    throw error;
  }
}

Object.defineProperty(process, 'stderr', {
  value: isatty(STDERR) ? new WriteStream(STDERR) : direct(),
  configurable: true,
});

// Whoever kills the parent means this process.
const parent = new Socket({ fd: PARENT, readable: true, writable: false });
parent.on('error', () => {});
parent.on('close', () => process.kill(process.pid, 'SIGTERM'));
parent.resume();
parent.unref();

const [build, ...args] = process.argv.slice(2);
const { runAsProcess } = await import(pathToFileURL(build));
await runAsProcess(args);
