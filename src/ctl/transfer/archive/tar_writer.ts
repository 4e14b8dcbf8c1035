import { Buffer } from "node:buffer";
import { createHash, type Hash } from "node:crypto";
import type { Writable } from "node:stream";
import { counted } from "../../../text/counted.ts";
import { TAR_BLOCK_BYTES, tarHeader, tarPadding } from "../../../event/tar_header.ts";
import { outputError } from "../../console/output.ts";

/** Writes the entries of a tar file (ustar) in sequence, and computes the SHA-256 of each. */
export class TarWriter {
  readonly #stream: Writable;
  readonly #mtimeSeconds: number;
  #failed: Error | undefined;
  #hash: Hash | undefined;
  #name = "";
  #left = 0;
  #padding: Uint8Array = new Uint8Array(0);
  /** SHA-256 in hex by entry name. */
  readonly sums: Record<string, string> = {};

  constructor(stream: Writable, mtimeSeconds: number) {
    this.#stream = stream;
    this.#mtimeSeconds = mtimeSeconds;
    stream.on("error", (error) => this.#failed ??= error);
  }

  /** Writes an entry whose content is in memory. */
  async entry(name: string, content: Uint8Array | string): Promise<void> {
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    await this.begin(name, bytes.length);
    await this.write(bytes);
    await this.end();
  }

  /** Begins an entry of known size. */
  async begin(name: string, size: number): Promise<void> {
    this.#hash = createHash("sha256");
    this.#name = name;
    this.#left = size;
    this.#padding = tarPadding(size);
    await this.#put(tarHeader({ name, size, mtimeSeconds: this.#mtimeSeconds }));
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
      throw new RangeError(`Entry "${this.#name}" has ${counted(-this.#left, "byte")} more than announced`);
    }
    this.sums[this.#name] = this.#hash!.digest("hex");
    await this.#put(this.#padding);
  }

  /** Ends the file. */
  async close(): Promise<void> {
    await this.#put(new Uint8Array(2 * TAR_BLOCK_BYTES));
  }

  async #put(bytes: Uint8Array): Promise<void> {
    if (bytes.length > 0) {
      await new Promise<void>((resolve) => {
        const written = (error?: Error | null): void => {
          this.#failed ??= error ?? undefined;
          resolve();
        };
        try {
          this.#stream.write(bytes, written);
        } catch (error) {
          // Deno throws some errors.
          written(error as Error);
        }
      });
    }
    if (this.#failed !== undefined) throw outputError("the archive", this.#failed);
  }
}
