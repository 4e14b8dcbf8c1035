/** The first bytes of image files; -1 is any. */
const SIGNATURES: readonly [type: string, offset: number, bytes: readonly number[]][] = [
  ["image/png", 0, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  ["image/jpeg", 0, [0xff, 0xd8, 0xff]],
  ["image/gif", 0, [0x47, 0x49, 0x46, 0x38]],
  ["image/webp", 8, [0x57, 0x45, 0x42, 0x50]],
  // After the size come zeros: a text may begin with "BM".
  ["image/bmp", 0, [0x42, 0x4d, -1, -1, -1, -1, 0, 0, 0, 0]],
  ["image/avif", 4, [0x66, 0x74, 0x79, 0x70, 0x61, 0x76, 0x69, 0x66]],
];

/** The type of an image file, undefined if the bytes are not one. Never SVG, which may contain scripts. */
export function imageType(bytes: Uint8Array): string | undefined {
  return SIGNATURES.find(([, offset, signature]) =>
    signature.every((byte, at) => byte === -1 || bytes[offset + at] === byte)
  )?.[0];
}
