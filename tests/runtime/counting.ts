/** What was made on a device and when. */
export interface Counted {
  readonly device: GPUDevice;
  /** Buffers that nobody has destroyed. */
  readonly live: ReadonlySet<GPUBuffer>;
  /** Bytes of all buffers ever made. */
  readonly bytes: number;
  /** How often each method of the device was called, and copies between buffers recorded. */
  readonly calls: ReadonlyMap<string, number>;
}

/** A device whose buffers and calls are counted. `changes` replaces some of its properties. */
export function counting(real: GPUDevice, changes: Record<string, unknown> = {}): Counted {
  const live = new Set<GPUBuffer>();
  const calls = new Map<string, number>();
  const count = (name: string) => calls.set(name, (calls.get(name) ?? 0) + 1);
  let bytes = 0;
  const own: Record<string, unknown> = {
    createBuffer: (descriptor: GPUBufferDescriptor) => {
      const buffer = real.createBuffer(descriptor);
      bytes += buffer.size;
      live.add(buffer);
      const destroy = buffer.destroy.bind(buffer);
      buffer.destroy = () => {
        live.delete(buffer);
        destroy();
      };
      return buffer;
    },
    createCommandEncoder: () => {
      const encoder = real.createCommandEncoder();
      const copy = encoder.copyBufferToBuffer.bind(encoder) as (...all: unknown[]) => void;
      encoder.copyBufferToBuffer = (...all: unknown[]) => {
        count('copyBufferToBuffer');
        copy(...all);
      };
      return encoder;
    },
    ...changes,
  };
  const device = new Proxy(real, {
    get(target, key: string) {
      const value: unknown = key in own ? own[key] : Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) => {
        count(key);
        return value.apply(target, given);
      };
    },
  });
  return {
    device,
    live,
    calls,
    get bytes() {
      return bytes;
    },
  };
}
