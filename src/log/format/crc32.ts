import { core } from "./core/core.ts";

/** The CRC-32 of some bytes, as in zip and gzip. */
export function crc32(bytes: Uint8Array): number {
  return core.crc32(bytes);
}
