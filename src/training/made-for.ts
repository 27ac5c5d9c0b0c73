import { InputError } from '../errors.ts';
import type { ElaboratedModel } from '../language/model.ts';
import type { RawOverrides } from '../language/model-parameters.ts';
import { readMetadata } from '../tensors/safetensors.ts';
import { isTorchFile } from '../tensors/torch-checkpoint.ts';
import { differences, type Json } from './identity.ts';

/** The model that weights are of. */
export interface MadeFor {
  readonly name: string;
  /** All parameters, as plain values. */
  readonly config: Readonly<Record<string, Json>>;
  /** Those that were chosen, as `--set` takes them. */
  readonly set: RawOverrides;
}

/** The entry of a weights file's metadata. */
const KEY = 'model';

export function madeForMetadata({ name, config, set }: ElaboratedModel): Record<string, string> {
  const own = Object.entries(set).filter(([key]) => !key.startsWith('train.'));
  const madeFor: MadeFor = { name, config: config as MadeFor['config'], set: Object.fromEntries(own) };
  return { [KEY]: JSON.stringify(madeFor) };
}

/**
 * What a file of weights says of its model; `undefined` where it says nothing.
 *
 * @throws InputError `bad-metadata` where that cannot be understood; as readMetadata
 */
export function readMadeFor(path: string): MadeFor | undefined {
  if (isTorchFile(path)) return undefined;
  const text = readMetadata(path)[KEY];
  if (text === undefined) return undefined;
  try {
    const { name, config, set } = JSON.parse(text) as MadeFor;
    const texts = Object.values(set).flat();
    const named = typeof name === 'string' && typeof config === 'object' && config !== null;
    if (named && texts.every((t) => typeof t === 'string')) return { name, config, set };
  } catch {
    // Falls through to the error below.
  }
  throw new InputError(
    'bad-metadata',
    `${path}: its metadata \`${KEY}\` is not what archc writes`,
    'save the weights again without that entry',
  );
}

/**
 * Refuses weights of the same model with other parameters: tensors of the same shapes may mean another network. A model
 * of another name has parameters of its own, with which nothing can be compared.
 *
 * @throws InputError `config-mismatch` that lists all differences; as {@link readMadeFor}
 */
export function requireMadeFor(model: ElaboratedModel, path: string): void {
  const madeFor = readMadeFor(path);
  if (madeFor?.name !== model.name) return;
  // As JSON holds them.
  const config = JSON.parse(JSON.stringify(model.config)) as MadeFor['config'];
  const found = differences(madeFor.config, config);
  if (found.length === 0) return;
  throw new InputError(
    'config-mismatch',
    `${path} holds weights of ${model.name} with other parameters (the weights' → those asked for):${found.map((line) => `\n  ${line}`).join('')}`,
    'leave out --set: the parameters are those of the weights; or, where the spec was changed since, --set them to those',
  );
}
