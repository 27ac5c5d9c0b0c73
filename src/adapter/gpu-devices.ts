import { readdirSync } from 'node:fs';
import { type VulkanDriver, visibleDrivers } from './vulkan-drivers.ts';

/**
 * Under /dev, what Linux shows of GPUs: the kernel's own drivers (dri), Windows' GPU in WSL (dxg), and the drivers of
 * NVIDIA, Tegra, Adreno, Mali, PowerVR and Vivante that come from elsewhere.
 */
const gpuFiles = /^(dri|dxg|nvidia.*|nvhost.*|nvmap|nvgpu|kgsl.*|mali.*|pvr.*|galcore|kfd)$/;

/** Mesa's drivers of hardware: without one of those files they find nothing. */
const mesaDrivers =
  /libvulkan_(asahi|broadcom|dzn|freedreno|gfxstream|intel|intel_hasvk|kosmickrisp|nouveau|panfrost|powervr_mesa|radeon|virtio)\.so[.\d]*$/;

/**
 * Whether there may be a GPU, found out without loading Dawn and every driver. `false` only on Linux, where no file of
 * /dev is a GPU's and all drivers are known to need such a file.
 */
export function mayHaveGpu(
  platform: string = process.platform,
  devices: () => readonly string[] = () => readdirSync('/dev'),
  drivers: () => readonly Pick<VulkanDriver, 'kind' | 'library'>[] = visibleDrivers,
): boolean {
  if (platform !== 'linux') return true;
  try {
    if (devices().some((name) => gpuFiles.test(name))) return true;
  } catch {
    return true;
  }
  return drivers().some(({ kind, library }) => kind === 'hardware' && !mesaDrivers.test(library));
}
