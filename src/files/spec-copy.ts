import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { InputError } from '../errors.ts';
import type { FileAccess, LoadedSpec } from '../language/index.ts';
import type { ElaboratedModel } from '../language/model.ts';
import type { RawOverrides } from '../language/model-parameters.ts';
import { readBytes } from '../tensors/read-file.ts';
import { MAX_SPEC_BYTES, nodeFiles, shippedSpecs } from './spec-files.ts';

/** A file of a copy, by its path with `/` below the folder. */
export interface CopiedFile {
  readonly path: string;
  readonly text: string;
}

/** Below a run's folder. */
const FOLDER = 'spec';
const INDEX = 'sources.json';

/** What opens a copy: where it starts, and what its files mean by their imports, which are left as they were. */
interface Index {
  readonly entry: string;
  readonly model: string;
  readonly set: RawOverrides;
  /** By file: the file that each of its imports means. */
  readonly imports: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/**
 * All files that a model is made of, those that come with archc among them, and `sources.json`, which comes last:
 * enough to open it anywhere. The user's own keep their places towards each other, below `own`.
 */
export function copySpec(
  { entry, modules, sources }: LoadedSpec,
  { name, set }: ElaboratedModel,
): CopiedFile[] {
  const paths = [...modules.keys()];
  const top = commonFolder(paths.filter((path) => belowLibrary(path) === undefined));
  const places = new Map(
    paths.map((path) => [path, belowLibrary(path) ?? `own/${slashes(relative(top, resolve(path)))}`]),
  );
  const place = (path: string) => places.get(path) ?? path;
  const index: Index = {
    entry: place(entry),
    model: name,
    set,
    imports: Object.fromEntries(
      [...modules].map(([path, { imports }]) => [
        place(path),
        Object.fromEntries([...imports].map(([text, target]) => [text, place(target)])),
      ]),
    ),
  };
  const texts = new Map(paths.map((path) => [place(path), sources.get(path) ?? '']));
  texts.set(INDEX, `${JSON.stringify(index, null, 1)}\n`);
  return [...texts].map(([path, text]) => ({ path: `${FOLDER}/${path}`, text }));
}

/** `archc/lib/nn.arch` for a file that comes with archc. */
function belowLibrary(path: string): string | undefined {
  const below = relative(shippedSpecs, resolve(path));
  return below.startsWith('..') || isAbsolute(below) ? undefined : `archc/${slashes(below)}`;
}

const slashes = (path: string) => path.split(sep).join('/');

function commonFolder(paths: readonly string[]): string {
  const folders = paths.map((path) => dirname(resolve(path)));
  let top = folders[0] ?? '';
  const holds = (folder: string) => folder === top || folder.startsWith(top.endsWith(sep) ? top : top + sep);
  while (top !== dirname(top) && !folders.every(holds)) top = dirname(top);
  return top;
}

/** A copied spec, ready to be loaded. */
export interface SpecCopy {
  readonly entry: string;
  readonly model: string;
  readonly set: RawOverrides;
  readonly files: FileAccess;
}

/**
 * The copy in a run's folder.
 *
 * @throws InputError `not-a-run` where there is none, or one that does not say what it is
 */
export function openSpecCopy(folder: string): SpecCopy {
  const path = join(folder, FOLDER, INDEX);
  const hint = 'a .arch file, or the folder that `archc train` made';
  if (!existsSync(path)) {
    throw new InputError(
      'not-a-run',
      `${folder} is a folder, and not that of a run: it has no ${FOLDER}/${INDEX}`,
      hint,
    );
  }
  const index = parseIndex(Buffer.from(readBytes(path, 'a spec', MAX_SPEC_BYTES)).toString('utf8'));
  if (!index) throw new InputError('not-a-run', `${path} is not what archc writes`, hint);
  const at = (name: string) => join(folder, FOLDER, name);
  const targets = new Map(
    Object.entries(index.imports).flatMap(([from, imports]) =>
      Object.entries(imports).map(([text, target]) => [`${at(from)}\n${text}`, at(target)] as const),
    ),
  );
  const files: FileAccess = {
    ...nodeFiles,
    resolve: (from, text) => targets.get(`${from}\n${text}`) ?? nodeFiles.resolve(from, text),
  };
  return { entry: at(index.entry), model: index.model, set: index.set, files };
}

function parseIndex(text: string): Index | undefined {
  try {
    const index = JSON.parse(text) as Index;
    const targets = Object.values(index.imports).flatMap((imports) => Object.values(imports));
    const inside = (path: string) =>
      typeof path === 'string' && !isAbsolute(path) && !path.split(/[\\/]/).includes('..');
    const texts = Object.values(index.set).flat();
    const whole = typeof index.model === 'string' && texts.every((t) => typeof t === 'string');
    return whole && [index.entry, ...targets].every(inside) ? index : undefined;
  } catch {
    return undefined;
  }
}
