/** Bytes that hold elements of one thing, in their order. */
interface Held {
  readonly start: number;
  readonly end: number;
  readonly label: number;
  /** Which byte of the thing lies at `start`. */
  readonly from: number;
}

/** What lies where in a buffer: for each byte that was ever written, which byte of what. */
export class HeldBytes {
  /** By their start; none overlaps another. */
  private held: Held[] = [];

  put(start: number, size: number, label: number, from: number): void {
    const end = start + size;
    const [first, behind] = [this.firstBehind(start), this.firstFrom(end)];
    const cut = this.held.slice(first, behind);
    const before = cut.filter((h) => h.start < start).map((h) => ({ ...h, end: start }));
    const after = cut
      .filter((h) => h.end > end)
      .map((h) => ({ ...h, start: end, from: h.from + end - h.start }));
    this.held.splice(first, behind - first, ...before, { start, end, label, from }, ...after);
  }

  /** The first byte of a range that does not hold what it should. */
  firstOther(start: number, size: number, label: number, from: number): number | undefined {
    let at = start;
    for (let k = this.firstBehind(start); at < start + size; k++) {
      const h = this.held[k];
      const isThere = h && h.start <= at && h.label === label && h.from - h.start === from - start;
      if (!isThere) return at;
      at = h.end;
    }
    return undefined;
  }

  /** The first byte of a range that holds a thing of some kind. */
  firstOf(start: number, size: number, isOfKind: (label: number) => boolean): number | undefined {
    if (size === 0) return undefined;
    const found = this.held
      .slice(this.firstBehind(start), this.firstFrom(start + size))
      .find((h) => isOfKind(h.label));
    return found && Math.max(found.start, start);
  }

  /** Index of the first range that ends behind a byte. */
  private firstBehind(byte: number): number {
    return this.search((h) => h.end > byte);
  }

  /** Index of the first range that starts at a byte or behind it. */
  private firstFrom(byte: number): number {
    return this.search((h) => h.start >= byte);
  }

  private search(isThere: (h: Held) => boolean): number {
    let [low, high] = [0, this.held.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isThere(this.held[middle])) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
