import { bytesText } from '../../program/bytes-text.ts';
import type { Program } from '../../program/program.ts';
import { RuntimeError } from '../runtime-error.ts';

/** Limits that grow with the tensors; all others follow from how kernels are written. */
const growing: readonly string[] = ['maxStorageBufferBindingSize', 'maxBufferSize'];

/**
 * @param device a device, or the adapter that is to give one
 * @throws RuntimeError `adapter-features` that names all that is missing; `adapter-limits` that names every limit that
 *   is too small, with both values
 */
export function checkOffers(device: GPUDevice | GPUAdapter, requires: Program['requires']): void {
  const { features, ...limits } = requires;
  const lacking = features.filter((name) => !device.features.has(name));
  if (lacking.length > 0)
    throw new RuntimeError(
      'adapter-features',
      `the program needs ${lacking.join(', ')}, the device has it not`,
    );
  const missing = Object.entries(limits).flatMap(([name, needed]) => {
    const offered = device.limits[name as keyof GPUSupportedLimits] as number;
    const enough = name.startsWith('min') ? offered <= needed : offered >= needed;
    return enough ? [] : [{ name, needed, offered }];
  });
  if (missing.length === 0) return;
  const list = missing.map(({ name, needed, offered }) => {
    const bytes = growing.includes(name);
    return `${name} ${bytes ? bytesText(needed) : needed}, the device offers ${bytes ? bytesText(offered) : offered}`;
  });
  throw new RuntimeError(
    'adapter-limits',
    `the program needs ${list.join('; ')}`,
    missing.every(({ name }) => growing.includes(name))
      ? 'a smaller batch or image, or another adapter (archc doctor)'
      : 'another adapter (archc doctor), or a program made for the limits of this one',
  );
}
