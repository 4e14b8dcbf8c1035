// What the processes push: every event says which process pushed it and as which of its events, and its data is
// derived from that, so that a reader can verify it.

import { Buffer } from "node:buffer";
import { fillPseudoRandom } from "../../src/ctl/bench/content.ts";

/** Metadata of a pushed event: a type rather than an interface, so that it is assignable to JSON. */
export type Content = {
  /** The process, numbered by the test. */
  run: number;
  /** Counts the events of that process, from 0. */
  seq: number;
  /** Bytes of its data part. */
  size: number;
};

const POOL_BYTES = 4 << 20;
const OFFSETS = 1 << 20;

let pool: Uint8Array | undefined;

function randomPool(): Uint8Array {
  const bytes = new Uint8Array(POOL_BYTES);
  fillPseudoRandom(bytes);
  return bytes;
}

/** The data part of an event; at most 3 MiB. */
export function dataOf({ run, seq, size }: Content): Uint8Array {
  pool ??= randomPool();
  const offset = (run * 7919 + seq * 104729) % OFFSETS;
  return pool.subarray(offset, offset + size);
}

/** Whether these are the bytes that belong to the event. */
export function isDataOf(content: Content, data: Uint8Array): boolean {
  const expected = dataOf(content);
  if (data.byteLength !== expected.byteLength) return false;
  const [a, b] = [data, expected].map((bytes) =>
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  );
  return a.equals(b);
}

/** Numbers from 0 to 1, derived from the seed. */
export function randomFrom(seed: number): () => number {
  let state = (seed + 1) * 0x9e3779b9 >>> 0;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
