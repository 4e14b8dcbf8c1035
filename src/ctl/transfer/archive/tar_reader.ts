import { Buffer } from "node:buffer";
import { createHash, type Hash } from "node:crypto";

const BLOCK_BYTES = 512;
/** Content is read in pieces of this size: a header may claim more than there is. */
const PIECE_BYTES = 1 << 20;

/** The file is not a tar file, is damaged or truncated, or has an entry that our archives never have. */
export class TarError extends Error {
  override readonly name = "TarError";
}

/** An entry's header. */
export interface TarEntry {
  name: string;
  size: number;
}

/** Reads the entries of a tar file in sequence, and computes the SHA-256 of each. */
export class TarReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array(0);
  #entry: TarEntry | undefined;
  #left = 0;
  #hash: Hash | undefined;
  /** SHA-256 in hex by entry name, of completely read entries. */
  readonly sums = new Map<string, string>();

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** The next entry, skipping the rest of the previous one; undefined at the end. */
  async next(): Promise<TarEntry | undefined> {
    if (this.#entry !== undefined) await this.#finish(this.#entry);
    const header = await this.#take(BLOCK_BYTES);
    if (header.every((byte) => byte === 0)) return undefined;
    this.#entry = readHeader(header);
    if (this.sums.has(this.#entry.name)) {
      throw new TarError(`entry ${shown(this.#entry.name)} is in it twice`);
    }
    this.#left = this.#entry.size;
    this.#hash = createHash("sha256");
    return this.#entry;
  }

  /** The next bytes of the entry. */
  async read(size: number): Promise<Uint8Array> {
    if (size > this.#left) throw new TarError(`entry ${shown(this.#entry?.name ?? "")} is too short`);
    const bytes = await this.#take(size);
    this.#hash!.update(bytes);
    this.#left -= size;
    return bytes;
  }

  /** Reads to the end of the file, where compression has its own checksum; throws if more than padding is left. */
  async end(): Promise<void> {
    for (let rest: IteratorResult<Uint8Array> = { value: this.#chunk }; !rest.done;) {
      if (rest.value.some((byte) => byte !== 0)) {
        throw new TarError("more follows after its end, which may be another archive; import each by itself");
      }
      rest = await this.#chunks.next();
    }
  }

  async #finish(entry: TarEntry): Promise<void> {
    while (this.#left > 0) await this.read(Math.min(this.#left, PIECE_BYTES));
    this.sums.set(entry.name, this.#hash!.digest("hex"));
    await this.#take((BLOCK_BYTES - entry.size % BLOCK_BYTES) % BLOCK_BYTES);
    this.#entry = undefined;
  }

  async #take(size: number): Promise<Uint8Array> {
    if (size <= this.#chunk.length && size > 0) {
      const bytes = this.#chunk.slice(0, size);
      this.#chunk = this.#chunk.subarray(size);
      return bytes;
    }
    const pieces: Uint8Array[] = [];
    for (let left = size; left > 0;) {
      const piece = new Uint8Array(Math.min(left, PIECE_BYTES));
      await this.#fill(piece);
      pieces.push(piece);
      left -= piece.length;
    }
    const [only] = pieces;
    return only !== undefined && pieces.length === 1 ? only : new Uint8Array(Buffer.concat(pieces));
  }

  async #fill(into: Uint8Array): Promise<void> {
    for (let at = 0; at < into.length;) {
      if (this.#chunk.length === 0) {
        const { done, value } = await this.#chunks.next();
        if (done) throw new TarError("it is cut off");
        this.#chunk = value;
        continue;
      }
      const part = this.#chunk.subarray(0, into.length - at);
      into.set(part, at);
      at += part.length;
      this.#chunk = this.#chunk.subarray(part.length);
    }
  }
}

/** Parses an entry's header; rejects kinds of entries that our archives never have. */
function readHeader(header: Uint8Array): TarEntry {
  const text = Buffer.from(header.buffer, header.byteOffset, header.byteLength);
  const field = (from: number, to: number): string => text.toString("utf8", from, to).replace(/\0.*$/s, "");
  const sum = header.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  if (parseInt(field(148, 156), 8) !== sum || !field(257, 263).startsWith("ustar")) {
    throw new TarError("it is not a tar file, or damaged");
  }
  // In the older format the field of the prefix contains times.
  const prefix = field(257, 263) === "ustar" ? field(345, 500) : "";
  const name = prefix === "" ? field(0, 100) : `${prefix}/${field(0, 100)}`;
  const refuse = (why: string): TarError => new TarError(`entry ${shown(name)} is refused: ${why}`);
  if (/^[/\\]|^[a-z]:/i.test(name)) throw refuse("its name is an absolute path");
  if (name.split(/[/\\]/).includes("..")) throw refuse("its name leads out of the archive");
  if (name === "" || /[\\\p{Cc}]/u.test(name)) throw refuse("its name is not allowed in an archive");
  const kind = field(156, 157);
  if (kind === "1" || kind === "2") throw refuse("it is a link");
  if (kind !== "" && kind !== "0" && kind !== "5") throw refuse(`it is of type "${kind}", not a file`);
  const digits = field(124, 136).trim();
  const size = /^[0-7]{1,12}$/.test(digits) ? parseInt(digits, 8) : NaN;
  if (Number.isNaN(size)) throw refuse("its size cannot be read, or exceeds the limit of this format");
  if (kind === "5" && size > 0) throw refuse("it is a folder with content");
  return { name, size };
}

/** A name as shown in messages. */
export function shown(name: string): string {
  return JSON.stringify(name);
}
