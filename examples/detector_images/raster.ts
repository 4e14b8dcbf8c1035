/**
 * What the detector pushes: one image per data part, two bytes per pixel, and metadata that describes it.
 *
 * @module
 */

/** The metadata of an image. */
export type ImageMetadata = {
  /** Number of the shot. */
  frame: number;
  /** What the image shows. */
  subject: string;
  width: number;
  height: number;
  /** How a pixel is stored: as an unsigned little-endian integer of two bytes. */
  pixel: "uint16le";
};

/** Bytes per pixel. */
export const PIXEL_BYTES = 2;

/** A rectangle of pixels within an image. */
export interface Region {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Pixels as they are stored. */
export function encodePixels(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * PIXEL_BYTES);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => view.setUint16(index * PIXEL_BYTES, value, true));
  return bytes;
}

/** The pixels of stored bytes. */
export function decodePixels(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from(
    { length: bytes.byteLength / PIXEL_BYTES },
    (_, index) => view.getUint16(index * PIXEL_BYTES, true),
  );
}
