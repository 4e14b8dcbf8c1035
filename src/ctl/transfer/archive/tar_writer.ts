import { Buffer } from "node:buffer";
import { createHash, type Hash } from "node:crypto";
import type { Writable } from "node:stream";

const BLOCK_BYTES = 512;

/** Writes the entries of a tar file (ustar) one after the other, and keeps the SHA-256 of each. */
export class TarWriter {
  readonly #stream: Writable;
  readonly #mtimeSeconds: number;
  #failed: unknown;
  /** SHA-256 in hex by entry name. */
  readonly sums: Record<string, string> = {};

  constructor(stream: Writable, mtimeSeconds: number) {
    this.#stream = stream;
    this.#mtimeSeconds = mtimeSeconds;
    stream.on("error", (error) => this.#failed ??= error);
  }

  /** Writes an entry whose content is at hand. */
  async entry(name: string, content: Uint8Array | string): Promise<void> {
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    await this.begin(name, bytes.length);
    await this.write(bytes);
    await this.end();
  }

  #hash: Hash | undefined;
  #name = "";
  #left = 0;
  #padding = 0;

  /** Begins an entry of known size. */
  async begin(name: string, size: number): Promise<void> {
    this.#hash = createHash("sha256");
    this.#name = name;
    this.#left = size;
    this.#padding = (BLOCK_BYTES - size % BLOCK_BYTES) % BLOCK_BYTES;
    await this.#put(this.#header(name, size));
  }

  /** Writes a piece of the entry. */
  async write(bytes: Uint8Array): Promise<void> {
    this.#left -= bytes.length;
    this.#hash!.update(bytes);
    await this.#put(bytes);
  }

  /** Ends the entry, whose size must have been written. */
  async end(): Promise<void> {
    if (this.#left !== 0) {
      throw new RangeError(`Entry "${this.#name}" has ${-this.#left} bytes more than announced`);
    }
    this.sums[this.#name] = this.#hash!.digest("hex");
    if (this.#padding > 0) await this.#put(new Uint8Array(this.#padding));
  }

  /** Ends the file. */
  async close(): Promise<void> {
    await this.#put(new Uint8Array(2 * BLOCK_BYTES));
  }

  #header(name: string, size: number): Uint8Array {
    const header = Buffer.alloc(BLOCK_BYTES);
    const octal = (value: number, digits: number, at: number): void => {
      header.write(value.toString(8).padStart(digits, "0"), at, "latin1");
    };
    header.write(name, 0, 100, "utf8");
    octal(0o644, 7, 100);
    octal(0, 7, 108);
    octal(0, 7, 116);
    octal(size, 11, 124);
    octal(this.#mtimeSeconds, 11, 136);
    // The sum is made with its own field full of spaces.
    header.fill(0x20, 148, 156);
    header.write("0", 156, "latin1");
    header.write("ustar\u000000", 257, "latin1");
    octal(header.reduce((sum, byte) => sum + byte, 0), 6, 148);
    header[154] = 0;
    return header;
  }

  async #put(bytes: Uint8Array): Promise<void> {
    if (bytes.length > 0) {
      await new Promise<void>((resolve) =>
        this.#stream.write(bytes, (error) => {
          this.#failed ??= error ?? undefined;
          resolve();
        })
      );
    }
    if (this.#failed !== undefined) {
      throw new Error(`Cannot write the archive: ${(this.#failed as Error).message}`, {
        cause: this.#failed,
      });
    }
  }
}
