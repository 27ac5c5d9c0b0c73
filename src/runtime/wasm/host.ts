/** What the host offers beside ECMAScript: Node's modules, or what browsers and Deno have. */

interface NodeProcess {
  readonly versions?: { readonly node?: string };
  getBuiltinModule?(name: string): unknown;
}

const scope = globalThis as unknown as {
  readonly process?: NodeProcess;
  readonly Deno?: unknown;
  readonly navigator?: { readonly hardwareConcurrency?: number };
  readonly SharedArrayBuffer?: unknown;
};

/** Deno has much of Node's, but workers of its own kind. */
export const isNode = scope.process?.versions?.node !== undefined && scope.Deno === undefined;

/** A module of Node's; `undefined` elsewhere, and in Node before 20.16. */
export function nodeModule<T>(name: string): T | undefined {
  return isNode ? (scope.process?.getBuiltinModule?.(name) as T | undefined) : undefined;
}

/** Pages that are not isolated from others (by their headers) do not have it. */
export const hasSharedMemory = typeof scope.SharedArrayBuffer === 'function';

/** Cores that this process may use. */
export function coreCount(): number {
  const os = nodeModule<{ availableParallelism(): number }>('node:os');
  return os?.availableParallelism() ?? scope.navigator?.hardwareConcurrency ?? 1;
}
