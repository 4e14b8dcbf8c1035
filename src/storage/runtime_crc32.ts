import process from "node:process";

/** Computes the CRC-32 of bytes. */
export type Crc32 = (bytes: Uint8Array) => number;

/**
 * The CRC-32 of the runtime: 48 GB/s in Deno and Bun, 5 in Node 20; undefined where it has none. That of Bun itself is
 * as fast as that of its zlib, which takes 4 ms to load. zlib is loaded by a call, not by an import, because few
 * processes need it. Versions of Node without that call have either no `crc32` or a slow one.
 */
export function runtimeCrc32(): Crc32 | undefined {
  const ofBun = (globalThis as { Bun?: { hash?: { crc32?: Crc32 } } }).Bun?.hash?.crc32;
  return ofBun ?? (process.getBuiltinModule?.("node:zlib") as { crc32?: Crc32 } | undefined)?.crc32;
}
