import { Buffer } from "node:buffer";

/** The bytes of a whole text in base64; undefined for anything else, of which `Buffer.from()` would skip a part. */
export function bytesOfBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  const isWhole = text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
  return isWhole ? new Uint8Array(Buffer.from(text, "base64")) : undefined;
}
