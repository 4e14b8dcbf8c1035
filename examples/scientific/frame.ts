import type { DataDescriptor } from "../../mod.ts";

/** Width and height of the detector, in pixels. */
export const SIDE = 128;
/** A pixel is an unsigned little-endian integer of two bytes. */
export const PIXEL_BYTES = 2;
/** Width and height of the region around the peak, in pixels. */
export const REGION_SIDE = 16;

/** The metadata of a frame; the raster is its data part. */
export type Frame = {
  run: string;
  frame: number;
  /** Of the sample, in kelvin. */
  kelvin: number;
  /** Where the peak is expected, in pixels. */
  peak: { x: number; y: number };
};

/** The top left corner of the square around the expected peak, which is moved to lie within the detector. */
export function regionOf({ peak }: Frame): { x: number; y: number } {
  const within = (at: number) => Math.max(0, Math.min(SIDE - REGION_SIDE, Math.round(at) - REGION_SIDE / 2));
  return { x: within(peak.x), y: within(peak.y) };
}

/** The bytes of that square: one block per row. The rest of the raster is not delivered. */
export function selectRegion(frame: Frame, descriptor: DataDescriptor): DataDescriptor {
  const { x, y } = regionOf(frame);
  const rowBytes = REGION_SIDE * PIXEL_BYTES;
  return descriptor.makeStridedView(
    (y * SIDE + x) * PIXEL_BYTES,
    REGION_SIDE,
    rowBytes,
    (SIDE - REGION_SIDE) * PIXEL_BYTES,
  );
}

/** The sum of the stored pixels. */
export function sumOf(pixels: Uint8Array): number {
  const view = new DataView(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  let sum = 0;
  for (let at = 0; at < pixels.byteLength; at += PIXEL_BYTES) sum += view.getUint16(at, true);
  return sum;
}

/** A frame of a simulated run: a peak that drifts and fades as the sample warms, over a background of noise. */
export function simulate(run: string, frame: number): { metadata: Frame; raster: Uint8Array } {
  const peak = { x: SIDE / 2 + 40 * Math.sin(frame / 25), y: SIDE / 2 + 30 * Math.cos(frame / 40) };
  const kelvin = Math.round((100 + frame * 0.5) * 10) / 10;
  const height = 4000 * Math.exp(-frame / 120);
  const raster = new Uint8Array(SIDE * SIDE * PIXEL_BYTES);
  const view = new DataView(raster.buffer);
  let seed = frame + 1;
  for (let at = 0; at < SIDE * SIDE; at++) {
    // A deterministic generator, so that a run can be reproduced.
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    const [x, y] = [at % SIDE, Math.floor(at / SIDE)];
    const signal = height * Math.exp(-((x - peak.x) ** 2 + (y - peak.y) ** 2) / 18);
    view.setUint16(at * PIXEL_BYTES, Math.round(signal + seed % 20), true);
  }
  return { metadata: { run, frame, kelvin, peak }, raster };
}
