#!/usr/bin/env node
// Runs the command line from its TypeScript sources.
import { register } from 'tsx/esm/api';

register();
// A reader that closes the pipe early (`archc … | head`) is no error.
process.stdout.on('error', (error) => process.exit(error.code === 'EPIPE' ? 0 : 1));
const { main } = await import('../src/cli/main.ts');
process.exitCode = await main(process.argv.slice(2));
