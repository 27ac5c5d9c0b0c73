import { expect, test } from 'vitest';
import { mayHaveGpu } from './gpu-devices.ts';

const plain = ['null', 'zero', 'shm', 'fuse', 'nvram', 'driver'];
const hardware = (library: string) => ({ kind: 'hardware', library }) as const;
const lavapipe = { kind: 'lavapipe', library: '/usr/lib/libvulkan_lvp.so' } as const;
const mesa = [
  'libvulkan_radeon.so',
  '/usr/lib/x86_64-linux-gnu/libvulkan_intel_hasvk.so',
  'libvulkan_virtio.so.1',
].map(hardware);

test.each(['dri', 'dxg', 'nvidia0', 'nvidiactl', 'nvhost-gpu', 'kgsl-3d0', 'mali0', 'pvr_sync'])(
  'a file /dev/%s may be a GPU',
  (name) => {
    expect(
      mayHaveGpu(
        'linux',
        () => [...plain, name],
        () => [],
      ),
    ).toBe(true);
  },
);

test('there is none where nothing in /dev is one and drivers are those that need it', () => {
  expect(
    mayHaveGpu(
      'linux',
      () => plain,
      () => [],
    ),
  ).toBe(false);
  expect(
    mayHaveGpu(
      'linux',
      () => plain,
      () => [...mesa, lavapipe],
    ),
  ).toBe(false);
});

test('there may be one by a driver of which nothing is known, where /dev cannot be read, and on other systems', () => {
  expect(
    mayHaveGpu(
      'linux',
      () => plain,
      () => [...mesa, hardware('libGLX_nvidia.so.0')],
    ),
  ).toBe(true);
  const unreadable = () => {
    throw new Error('EACCES');
  };
  expect(mayHaveGpu('linux', unreadable, () => [])).toBe(true);
  for (const platform of ['darwin', 'win32'])
    expect(
      mayHaveGpu(
        platform,
        () => plain,
        () => [],
      ),
    ).toBe(true);
});
