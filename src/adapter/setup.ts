import { JobError } from '../errors.ts';
import { findAdapter } from './acquire.ts';
import { type AdapterChoice, adapterVariable, environmentAdapter } from './choice.ts';
import { releaseGpu } from './dawn.ts';
import { installLavapipe, whyNotInstallable } from './install-lavapipe.ts';
import { type AdapterKind, adapterKind, describeAdapter } from './kind.ts';

export type SetUpOptions = {
  /** Receives each line for the user. */
  readonly log: (line: string) => void;
  /** Whether packages may be installed with apt. */
  readonly allowInstall: boolean;
  /** Default: what `ARCHC_ADAPTER` says, else `auto`. */
  readonly adapter?: AdapterChoice;
};

export type SetUpResult = { readonly kind: AdapterKind; readonly description: string };

/**
 * Makes sure that there is an adapter: a GPU, or an installed software Vulkan that Dawn accepts; else lavapipe is
 * installed where that is possible; else SwiftShader is unpacked. The adapter is really asked for each time, which
 * takes well under a second, so that a driver that vanished is noticed. Logs one line about the outcome.
 *
 * @throws JobError `no-adapter` if nothing of the chosen kind works.
 */
export async function setUp(options: SetUpOptions): Promise<SetUpResult> {
  const choice = options.adapter ?? environmentAdapter();
  const { log } = options;
  let found = await tryAdapter(choice);
  // `auto` ends with SwiftShader; before settling for that, try to get the faster lavapipe.
  const wantsLavapipe = choice === 'lavapipe' || choice === 'auto';
  if (wantsLavapipe && (found instanceof JobError || (choice === 'auto' && found.kind === 'swiftshader'))) {
    const obstacle = options.allowInstall ? whyNotInstallable() : 'installing is not allowed';
    const otherwise = found instanceof JobError ? '' : '; using SwiftShader out of npm instead';
    if (obstacle) log(`lavapipe is not installed (${obstacle})${otherwise}`);
    else
      try {
        const version = await installLavapipe(log);
        found = await tryAdapter(choice);
        if (found instanceof JobError || found.kind === 'swiftshader')
          log(`lavapipe of Mesa ${version} was installed, but Dawn does not find it${otherwise}`);
      } catch (error) {
        if (!(error instanceof JobError)) throw error;
        log(`lavapipe could not be installed: ${error.message}${otherwise}`);
      }
  }
  if (found instanceof JobError) throw found;
  log(
    `adapter: ${found.description} (to change: ${adapterVariable}=gpu|lavapipe|swiftshader, see docs/adapters.md)`,
  );
  return found;
}

async function tryAdapter(choice: AdapterChoice): Promise<SetUpResult | JobError> {
  try {
    const { adapter, gpu } = await findAdapter(choice);
    releaseGpu(gpu);
    return { kind: adapterKind(adapter.info), description: describeAdapter(adapter.info) };
  } catch (error) {
    if (error instanceof JobError) return error;
    throw error;
  }
}
