import { expect, it } from 'vitest';
import { adapterKind, describeAdapter } from './kind.ts';

const none = { vendor: '', architecture: '', device: '', description: '', isFallbackAdapter: false };

it.each([
  [
    {
      vendor: 'mesa',
      architecture: 'software',
      description: 'llvmpipe: Mesa 25.0.7-2~bpo12+1 (LLVM 19.1.7) 0.0.1',
      isFallbackAdapter: true,
    },
    'lavapipe',
    'llvmpipe (LLVM 19.1.7) · lavapipe, Mesa 25.0.7',
  ],
  [
    {
      vendor: 'google',
      architecture: 'swiftshader',
      description: 'SwiftShader driver 5.0.0',
      isFallbackAdapter: true,
    },
    'swiftshader',
    'SwiftShader 5.0.0',
  ],
  [
    { vendor: 'nvidia', architecture: 'hopper', device: 'x100', description: 'driver 550.1' },
    'gpu',
    'x100 · driver 550.1',
  ],
  [{ description: 'Basic Render', isFallbackAdapter: true }, 'other-software', 'Basic Render (software)'],
  [{}, 'gpu', 'unnamed adapter'],
])('tells adapters apart: %j', (info, kind, description) => {
  expect(adapterKind({ ...none, ...info })).toBe(kind);
  expect(describeAdapter({ ...none, ...info })).toBe(description);
});
