import { nodeModule } from './host.ts';

/** Sets flags of V8's, for the process; `false` where the host is not Node. */
export function setFlags(...flags: readonly string[]): boolean {
  const v8 = nodeModule<{ setFlagsFromString(flag: string): void }>('node:v8');
  for (const flag of flags) v8?.setFlagsFromString(flag);
  return v8 !== undefined;
}

/** Bytes of code that V8 takes into a function at most, by default and where code runs only once. */
const [USUAL_INLINING, LITTLE_INLINING] = [920, 200];

/**
 * Does work that runs once and for a second at most, such as a compiler's. In Node, V8 then makes machine code with less
 * of other functions in it, which is made in half the time and hardly slower.
 */
export function briefly<T>(work: () => T): T {
  const inlining = (bytes: number) => setFlags(`--max-inlined-bytecode-size-cumulative=${bytes}`);
  inlining(LITTLE_INLINING);
  try {
    return work();
  } finally {
    inlining(USUAL_INLINING);
  }
}
