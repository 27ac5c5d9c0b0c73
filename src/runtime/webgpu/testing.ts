/** The device with some of its properties replaced, and the buffers made on it that nobody has destroyed. */
export function countingBuffers(device: GPUDevice, changes: Record<string, unknown> = {}) {
  const live = new Set<GPUBuffer>();
  const createBuffer = (descriptor: GPUBufferDescriptor) => {
    const buffer = device.createBuffer(descriptor);
    live.add(buffer);
    const destroy = buffer.destroy.bind(buffer);
    buffer.destroy = () => {
      live.delete(buffer);
      destroy();
    };
    return buffer;
  };
  const own: Record<string, unknown> = { createBuffer, ...changes };
  const proxy = new Proxy(device, {
    get(target, key: string) {
      if (key in own) return own[key];
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { device: proxy, live };
}
