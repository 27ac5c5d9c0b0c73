#!/usr/bin/env node
// Runs the command line from its TypeScript sources.
import { register } from 'tsx/esm/api';

register();
const { runAsProcess } = await import('../src/cli/process.ts');
await runAsProcess(process.argv.slice(2));
