/**
 * A hash of text that is the same in every process, on every machine and in every version: it determines the
 * partition of a key, so it must never change.
 *
 * It is 32-bit FNV-1a over the UTF-8 bytes, followed by the finalizer of MurmurHash3 (with FNV-1a alone the low
 * bits of short texts are unevenly distributed).
 *
 * @module
 */

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

const encoder = new TextEncoder();

/** The hash, an integer from 0 to 2^32 - 1. */
export function stableHash(text: string): number {
  let hash = FNV_OFFSET;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code > 0x7f) return hashBytes(encoder.encode(text));
    hash = Math.imul(hash ^ code, FNV_PRIME);
  }
  return finish(hash);
}

/** The hash of a string's JSON text, without creating it if it is just the string in quotes. */
export function stableHashOfQuoted(text: string): number {
  let hash = Math.imul(FNV_OFFSET ^ QUOTE, FNV_PRIME);
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || code > 0x7e || code === QUOTE || code === BACKSLASH) {
      return stableHash(JSON.stringify(text));
    }
    hash = Math.imul(hash ^ code, FNV_PRIME);
  }
  return finish(Math.imul(hash ^ QUOTE, FNV_PRIME));
}

function hashBytes(bytes: Uint8Array): number {
  let hash = FNV_OFFSET;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, FNV_PRIME);
  return finish(hash);
}

function finish(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
