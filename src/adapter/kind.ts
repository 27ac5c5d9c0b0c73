/** What executes the shaders. */
export type AdapterKind = 'gpu' | 'lavapipe' | 'swiftshader' | 'other-software';

/** What tells adapters apart, as WebGPU reports it. */
export type AdapterFacts = {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  /** True of adapters that run on the CPU. */
  readonly isFallbackAdapter: boolean;
};

export function adapterKind(info: AdapterFacts): AdapterKind {
  const text = `${info.device} ${info.description}`;
  if (/llvmpipe/i.test(text)) return 'lavapipe';
  if (info.architecture === 'swiftshader' || /swiftshader/i.test(text)) return 'swiftshader';
  return info.isFallbackAdapter ? 'other-software' : 'gpu';
}

/**
 * One line about an adapter for people: `llvmpipe (LLVM 19.1.7) · lavapipe, Mesa 25.0.7`,
 * `SwiftShader 5.0.0`, or for a GPU what its driver says of itself.
 */
export function describeAdapter(info: AdapterFacts): string {
  const kind = adapterKind(info);
  if (kind === 'lavapipe') {
    const mesa = /Mesa ([\d.]+)/.exec(info.description)?.[1];
    const llvm = /LLVM ([\d.]+)/.exec(info.description)?.[1];
    return `llvmpipe${llvm ? ` (LLVM ${llvm})` : ''} · lavapipe${mesa ? `, Mesa ${mesa}` : ''}`;
  }
  if (kind === 'swiftshader') {
    const version = /driver ([\d.]+)/.exec(info.description)?.[1];
    return `SwiftShader${version ? ` ${version}` : ''}`;
  }
  const names = [info.device, info.description, info.architecture, info.vendor].filter((name) => name !== '');
  const name = [...new Set(names)].slice(0, 2).join(' · ') || 'unnamed adapter';
  return kind === 'gpu' ? name : `${name} (software)`;
}
