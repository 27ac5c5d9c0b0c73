import type { FileAccess } from './modules.ts';

/** Files that are only text in memory, for tests and for pages. Paths have slashes. */
export function memoryFiles(files: Readonly<Record<string, string>>): FileAccess {
  return {
    read: (path) => (Object.hasOwn(files, path) ? files[path] : undefined),
    library: () => Object.keys(files).filter((path) => path.startsWith('archc/lib/')),
    resolve(from, spec) {
      const parts: string[] = spec.startsWith('archc/') ? [] : from.split('/').slice(0, -1);
      for (const part of spec.split('/')) {
        if (part === '..') parts.pop();
        else if (part !== '.') parts.push(part);
      }
      return parts.join('/');
    },
  };
}
