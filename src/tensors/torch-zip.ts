import { type UnzipFileInfo, unzipSync } from 'fflate';

/** Shortest entry of a zip archive's central directory, in bytes. */
const MIN_ENTRY = 46;

/**
 * What an archive may unfold to: `torch.save` stores its entries as they are, so even one that somebody compressed
 * afterwards is not much smaller than its content.
 */
const unfoldedLimit = (fileBytes: number) => 20 * fileBytes + 16 * 2 ** 20;

/** A zip archive of which entries are unpacked only when they are asked for, and never to more than they announce. */
export class TorchZip {
  readonly names: readonly string[];
  private readonly bytes: Uint8Array;
  private readonly entries: ReadonlyMap<string, UnzipFileInfo>;

  /** Throws an Error that tells why `bytes` is no such archive, or one that is not to be unpacked. */
  constructor(bytes: Uint8Array) {
    const entries = new Map<string, UnzipFileInfo>();
    const most = bytes.length / MIN_ENTRY;
    let total = 0;
    unzipSync(bytes, {
      filter: (entry) => {
        const { name, size, originalSize, compression } = entry;
        const shown = JSON.stringify(name.slice(0, 100));
        if (entries.size >= most) throw new Error('it lists more entries than it can hold');
        if (entries.has(name)) throw new Error(`it holds ${shown} twice`);
        if (size > bytes.length) throw new Error(`${shown} is announced with ${size} bytes (truncated?)`);
        if (compression === 0 && size !== originalSize) throw new Error(`${shown} has two sizes`);
        entries.set(name, entry);
        total += originalSize;
        return false;
      },
    });
    if (!(total <= unfoldedLimit(bytes.length)))
      throw new Error(`${bytes.length} bytes that would unfold to ${total}`);
    this.bytes = bytes;
    this.entries = entries;
    this.names = [...entries.keys()];
  }

  /** The entries of these names that exist. Throws an Error where one is damaged. */
  read(names: ReadonlySet<string>): Map<string, Uint8Array> {
    const found = unzipSync(this.bytes, { filter: ({ name }) => names.has(name) });
    const result = new Map<string, Uint8Array>();
    for (const name of names) {
      const entry = this.entries.get(name);
      if (!entry) continue;
      const data = found[name];
      if (data?.length !== entry.originalSize)
        throw new Error(
          `${JSON.stringify(name)} holds ${data?.length} bytes where ${entry.originalSize} are announced`,
        );
      result.set(name, data);
    }
    return result;
  }
}
