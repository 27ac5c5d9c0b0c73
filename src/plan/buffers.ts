import { OFFSET_ALIGNMENT, roundUp } from '../ir/packing.ts';
import type { BufferInfo } from '../program/program.ts';

/** The buffers of a program while they are filled: as few as their largest size allows. */
export class Buffers {
  private readonly made: { readonly kind: BufferInfo['kind']; size: number }[] = [];
  private readonly most: number;

  /** @param most bytes of one buffer, which only what is larger by itself exceeds */
  constructor(most: number) {
    this.most = most;
  }

  /** Room for good beside others of the kind. */
  reserve(kind: BufferInfo['kind'], bytes: number): { readonly buffer: number; readonly offset: number } {
    const size = roundUp(bytes, OFFSET_ALIGNMENT);
    const known = this.made.findIndex((b) => b.kind === kind && b.size + size <= this.most);
    if (known < 0) return { buffer: this.made.push({ kind, size }) - 1, offset: 0 };
    const offset = this.made[known].size;
    this.made[known].size += size;
    return { buffer: known, offset };
  }

  get list(): readonly BufferInfo[] {
    return this.made.map(({ size, kind }) => ({ size, kind }));
  }
}
