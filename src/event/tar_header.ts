import { Buffer } from "node:buffer";

/** A tar file consists of blocks: header, content padded with zeros, and two zero blocks at the end. */
export const TAR_BLOCK_BYTES = 512;

/** The header of a file in a tar file (ustar). */
export function tarHeader(
  { name, size, mtimeSeconds }: { name: string; size: number; mtimeSeconds: number },
): Uint8Array {
  const header = Buffer.alloc(TAR_BLOCK_BYTES);
  const octal = (value: number, digits: number, at: number): void => {
    header.write(value.toString(8).padStart(digits, "0"), at, "latin1");
  };
  header.write(name, 0, 100, "utf8");
  octal(0o644, 7, 100);
  octal(0, 7, 108);
  octal(0, 7, 116);
  octal(size, 11, 124);
  octal(mtimeSeconds, 11, 136);
  // The checksum is computed with its own field filled with spaces.
  header.fill(0x20, 148, 156);
  header.write("0", 156, "latin1");
  header.write("ustar\u000000", 257, "latin1");
  octal(header.reduce((sum, byte) => sum + byte, 0), 6, 148);
  header[154] = 0;
  return header;
}

/** The zero padding after content of that size. */
export function tarPadding(size: number): Uint8Array {
  return new Uint8Array((TAR_BLOCK_BYTES - size % TAR_BLOCK_BYTES) % TAR_BLOCK_BYTES);
}
