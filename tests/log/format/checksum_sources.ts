import * as zlib from "node:zlib";
import { blockChecksum, type ChecksumSource } from "../../../src/log/format/core/block_checksum.ts";

/** Calls back with blocks of data summed by the core, and again by the runtime if it can. */
export function eachChecksumSource(body: (source: ChecksumSource) => void): void {
  const before = blockChecksum.isOfAnyMemory ? "runtime" : "core";
  const sources: ChecksumSource[] = "crc32" in zlib ? ["core", "runtime"] : ["core"];
  try {
    for (const source of sources) {
      blockChecksum.source = source;
      body(source);
    }
  } finally {
    blockChecksum.source = before;
  }
}
