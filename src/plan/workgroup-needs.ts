/** What a kernel takes of a workgroup's limits. */
export interface WorkgroupNeeds {
  readonly threads: number;
  /** Of workgroup memory. */
  readonly bytes: number;
}

/**
 * Reads from a kernel's text what it takes of a workgroup's limits, as WebGPU counts (section 10.2.1, "Compute pipeline
 * creation"): each variable of workgroup memory takes a multiple of 16 bytes.
 */
export function workgroupNeeds(wgsl: string): WorkgroupNeeds {
  const constants = new Map(
    [...wgsl.matchAll(/^const (\w+) = (\d+)u;/gm)].map(([, name, value]) => [name, Number(value)]),
  );
  const number = (text: string): number => {
    const value = constants.get(text) ?? Number(text.replace(/u$/, ''));
    if (!Number.isInteger(value)) throw new Error(`"${text}" is no constant of a kernel`);
    return value;
  };
  const quotient = (text: string): number => {
    const [first, ...divisors] = text.split('/').map((part) => number(part.trim()));
    return divisors.reduce((n, d) => Math.floor(n / d), first);
  };
  const size = (type: string): number => {
    const [, element, count] = /^array<(.+),([^,<>]+)>$/.exec(type) ?? [];
    if (element) return size(element) * quotient(count);
    const [, lanes] = /^vec([24])<[fiu]32>$/.exec(type) ?? [];
    if (!lanes && !/^[fiu]32$/.test(type)) throw new Error(`a kernel has ${type} in workgroup memory`);
    return 4 * Number(lanes ?? 1);
  };
  const variables = [...wgsl.matchAll(/^var<workgroup> \w+: (.+);/gm)].map(([, type]) => size(type));
  const [, threads] = /@workgroup_size\((\d+)\)/.exec(wgsl) ?? [];
  if (!threads) throw new Error('a kernel does not say how many threads a workgroup has');
  return {
    threads: Number(threads),
    bytes: variables.reduce((sum, bytes) => sum + 16 * Math.ceil(bytes / 16), 0),
  };
}
