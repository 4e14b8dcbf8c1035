import { PIXEL_BYTES, type Raster } from "./raster.ts";

/** Values, row by row. */
export type Values =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

/** Where in the data a value of a frame is, given its place among those of the frame, row by row. */
export function placeOf(
  { width, height, channels, frames, isColumnMajor }: Raster,
  frame: number,
  at: number,
): number {
  if (isColumnMajor !== true) return frame * width * height * channels + at;
  const channel = at % channels;
  const pixel = (at - channel) / channels;
  const x = pixel % width;
  const y = (pixel - x) / width;
  return frame + frames * (y + height * (x + width * channel));
}

/** The values of a frame. */
export function readValues(raster: Raster, bytes: Uint8Array, frame = 0): Values {
  const { width, height, channels, pixel, frames } = raster;
  const count = width * height * channels;
  if (raster.isColumnMajor !== true) {
    const frameBytes = count * PIXEL_BYTES[pixel];
    return readAll(raster, bytes.subarray(frame * frameBytes, (frame + 1) * frameBytes), count);
  }
  const all = readAll(raster, bytes, count * frames);
  const values = all.slice(0, count);
  for (let at = 0; at < count; at++) values[at] = all[placeOf(raster, frame, at)];
  return values;
}

/** What colours cannot show. */
export interface Summary {
  /** How many values are not a number, and how many are infinite. */
  nans: number;
  infinities: number;
  /** Whether all are the same. */
  isUniform: boolean;
}

export function summaryOf(values: Values): Summary {
  const [first] = values;
  const summary = { nans: 0, infinities: 0, isUniform: true };
  for (const value of values) {
    if (value !== first) summary.isUniform = false;
    if (Number.isFinite(value)) continue;
    if (Number.isNaN(value)) summary.nans++;
    else summary.infinities++;
  }
  return summary;
}

/** The first values of the data. */
function readAll(
  { pixel, littleEndian }: Raster,
  bytes: Uint8Array,
  count: number,
): Values {
  const size = PIXEL_BYTES[pixel];
  const isSwapped = !littleEndian && size > 1;
  // A copy is aligned for every type; large data is not copied unless necessary.
  const own = isSwapped || bytes.byteOffset % size !== 0 ? bytes.slice(0, count * size) : bytes;
  if (isSwapped) swapBytes(own, size);
  const { buffer, byteOffset } = own;
  switch (pixel) {
    case "uint8":
      return new Uint8Array(buffer, byteOffset, count);
    case "int8":
      return new Int8Array(buffer, byteOffset, count);
    case "uint16":
      return new Uint16Array(buffer, byteOffset, count);
    case "int16":
      return new Int16Array(buffer, byteOffset, count);
    case "uint32":
      return new Uint32Array(buffer, byteOffset, count);
    case "int32":
      return new Int32Array(buffer, byteOffset, count);
    case "float32":
      return new Float32Array(buffer, byteOffset, count);
    case "float64":
      return new Float64Array(buffer, byteOffset, count);
    case "float16":
      return Float32Array.from(new Uint16Array(buffer, byteOffset, count), halfOf);
    case "uint64":
      return numbersOf(new BigUint64Array(buffer, byteOffset, count));
    case "int64":
      return numbersOf(new BigInt64Array(buffer, byteOffset, count));
  }
}

/** One value with every digit; numbers of 64 bits have more than a double. */
export function exactValue(
  { pixel, littleEndian }: Raster,
  bytes: Uint8Array,
  at: number,
): bigint | undefined {
  if (pixel !== "uint64" && pixel !== "int64") return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return pixel === "uint64"
    ? view.getBigUint64(at * 8, littleEndian)
    : view.getBigInt64(at * 8, littleEndian);
}

function numbersOf(wholes: BigInt64Array | BigUint64Array): Float64Array {
  const numbers = new Float64Array(wholes.length);
  for (let at = 0; at < wholes.length; at++) numbers[at] = Number(wholes[at]);
  return numbers;
}

function swapBytes(bytes: Uint8Array, size: number): void {
  for (let from = 0; from + size <= bytes.length; from += size) {
    for (let at = 0; at < size / 2; at++) {
      const other = from + size - 1 - at;
      [bytes[from + at], bytes[other]] = [bytes[other], bytes[from + at]];
    }
  }
}

function halfOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** A raster with fewer pixels, each the mean of `factor` by `factor`. */
export interface Reduced {
  values: Values;
  width: number;
  height: number;
  factor: number;
}

/** Reduces a raster with one value per pixel so that it fits into a square. */
export function reduce(values: Values, width: number, height: number, sideMax: number): Reduced {
  const factor = Math.ceil(Math.max(width, height) / sideMax);
  if (factor <= 1) return { values, width, height, factor: 1 };
  const [columns, rows] = [Math.ceil(width / factor), Math.ceil(height / factor)];
  const means = new Float64Array(columns * rows);
  for (let row = 0; row < rows; row++) {
    const lastRow = Math.min(height, (row + 1) * factor);
    for (let column = 0; column < columns; column++) {
      const lastColumn = Math.min(width, (column + 1) * factor);
      let [sum, count] = [0, 0];
      for (let y = row * factor; y < lastRow; y++) {
        for (let x = column * factor; x < lastColumn; x++) {
          const value = values[y * width + x];
          if (Number.isFinite(value)) [sum, count] = [sum + value, count + 1];
        }
      }
      means[row * columns + column] = count === 0 ? NaN : sum / count;
    }
  }
  return { values: means, width: columns, height: rows, factor };
}
