import { counted } from "./format.ts";

/** How one value of a raster is stored. */
export type PixelType =
  | "uint8"
  | "int8"
  | "uint16"
  | "int16"
  | "uint32"
  | "int32"
  | "uint64"
  | "int64"
  | "float16"
  | "float32"
  | "float64";

/** Pixels without a file format, as described by the metadata. */
export interface Raster {
  width: number;
  height: number;
  pixel: PixelType;
  /** 1 for values, 3 or 4 for colours. */
  channels: 1 | 3 | 4;
  littleEndian: boolean;
  /** The number of frames in the data; the first one is shown. */
  frames: number;
  /** Whether the metadata says what a pixel is, or only its size does. */
  isSaid: boolean;
}

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

/** Bytes per value. */
export const PIXEL_BYTES: Readonly<Record<PixelType, number>> = {
  uint8: 1,
  int8: 1,
  uint16: 2,
  int16: 2,
  uint32: 4,
  int32: 4,
  uint64: 8,
  int64: 8,
  float16: 2,
  float32: 4,
  float64: 8,
};

const TYPE_KEYS = [
  "dtype",
  "pixel",
  "pixel_type",
  "pixelType",
  "data_type",
  "dataType",
  "type",
  "format",
  "mode",
];
/** Those of them that mean nothing else. */
const CERTAIN_TYPE_KEYS = TYPE_KEYS.slice(0, 6);
const ORDER_KEYS = ["byte_order", "byteOrder", "byteorder", "endian", "endianness"];

/** The pixel type that a word such as `<u2`, `uint16le`, `float` or `gray8` means. */
function typeOf(word: string): { pixel: PixelType; channels?: 3 | 4; bigEndian?: boolean } | undefined {
  const text = word.trim().toLowerCase().replace(/^(?:np|numpy)\./, "");
  const numpy = /^([<>|=]?)([buif])(1|2|4|8)$/.exec(text);
  if (numpy !== null) {
    const [, order, kind, bytes] = numpy;
    const pixel = pixelOf(kind === "f" ? "float" : kind === "i" ? "int" : "uint", Number(bytes) * 8);
    return pixel &&
      { pixel, ...(order === ">" ? { bigEndian: true } : order === "<" ? { bigEndian: false } : {}) };
  }
  if (/^rgba?(?:24|32|8)?$/.test(text)) return { pixel: "uint8", channels: text.startsWith("rgba") ? 4 : 3 };
  const order = /(?:[_-]?(le|be)|[_-](little|big))$/.exec(text);
  const bigEndian = order === null ? undefined : (order[1] ?? order[2]).startsWith("b");
  const name = order === null ? text : text.slice(0, order.index);
  const words: Record<string, PixelType> = {
    byte: "uint8",
    bool: "uint8",
    half: "float16",
    float: "float32",
    double: "float64",
  };
  const match = /^(u|uint|i|int|s|sint|f|float|gray|grey|mono|l)_?(8|16|32|64)$/.exec(name);
  const kind = match?.[1] ?? "";
  const pixel = words[name] ??
    (match === null ? undefined : pixelOf(
      kind.startsWith("f") ? "float" : /^(?:i|int|s|sint)$/.test(kind) ? "int" : "uint",
      Number(match[2]),
    ));
  return pixel === undefined ? undefined : { pixel, ...(bigEndian === undefined ? {} : { bigEndian }) };
}

function pixelOf(kind: "uint" | "int" | "float", bits: number): PixelType | undefined {
  const name = `${kind}${bits}`;
  return name in PIXEL_BYTES ? name as PixelType : undefined;
}

/** Which of a raster's dimensions are its width, height, channels and frames. */
function dimensionsOf(
  record: Readonly<Record<string, unknown>>,
): { width: number; height: number; channels?: number } | undefined {
  const list = record["shape"] ?? record["dims"] ?? record["dimensions"];
  const listed = (Array.isArray(list) ? list : []).map(Number);
  // One channel is no more than a pixel, and one dimension a row of pixels.
  const shape = listed.length > 2 && listed.at(-1) === 1
    ? listed.slice(0, -1)
    : listed.length === 1
    ? [1, ...listed]
    : listed;
  const hasChannels = shape.length >= 3 && [3, 4].includes(shape.at(-1)!) && shape.at(-2)! > 4;
  const plane = hasChannels ? shape.slice(0, -1) : shape;
  const width = Number(record["width"] ?? record["columns"] ?? record["cols"] ?? plane.at(-1));
  const height = Number(record["height"] ?? record["rows"] ?? plane.at(-2));
  const channels = hasChannels
    ? shape.at(-1)
    : record["channels"] === undefined
    ? undefined
    : Number(record["channels"]);
  if (!Number.isSafeInteger(width) || !Number.isSafeInteger(height) || width <= 0 || height <= 0) {
    return undefined;
  }
  return { width, height, ...(channels === undefined ? {} : { channels }) };
}

/**
 * The raster in data of this size: `width` and `height`, or `shape`, with `dtype` or `pixel` and a byte
 * order. Without a type, the number of bytes per pixel decides. Returns a text if there is none, which says
 * why.
 */
export function rasterOf(metadata: unknown, dataBytes: number): Raster | string {
  if (typeof metadata !== "object" || metadata === null) return "the metadata is not an object";
  const record = metadata as Record<string, unknown>;
  const dimensions = dimensionsOf(record);
  if (dimensions === undefined) return "the metadata has no width and height, and no shape";
  const { width, height } = dimensions;
  const pixels = width * height;
  const said = TYPE_KEYS.map((key) => record[key]).filter((value) => typeof value === "string").map(typeOf)
    .find((type) => type !== undefined);
  const unknown = CERTAIN_TYPE_KEYS.find((key) => typeof record[key] === "string");
  if (said === undefined && unknown !== undefined) {
    return `the ${unknown} “${record[unknown] as string}” is not a type of numbers that is known here`;
  }
  const order = ORDER_KEYS.map((key) => record[key]).find((value) => typeof value === "string");
  const littleEndian = !(said?.bigEndian ?? /^(?:big|be|>|network|msb)/i.test(order ?? ""));
  const channels = said?.channels ?? dimensions.channels;
  const base = { width, height, littleEndian };
  if (said !== undefined) {
    const count = channels === 3 || channels === 4 ? channels : 1;
    const frameBytes = pixels * count * PIXEL_BYTES[said.pixel];
    const frames = dataBytes / frameBytes;
    if (Number.isInteger(frames) && frames > 0) {
      return { ...base, pixel: said.pixel, channels: count, frames, isSaid: true };
    }
    return `${width} × ${height} pixels of ${said.pixel} are ${
      counted(frameBytes, "byte")
    }, and these are ${dataBytes}`;
  }
  const bySize: Record<number, [PixelType, 1 | 3 | 4]> = {
    1: ["uint8", 1],
    2: ["uint16", 1],
    3: ["uint8", 3],
    4: channels === 4 ? ["uint8", 4] : ["uint32", 1],
    8: ["float64", 1],
  };
  const found = bySize[dataBytes / pixels];
  if (found !== undefined) return { ...base, pixel: found[0], channels: found[1], frames: 1, isSaid: false };
  return `${width} × ${height} pixels do not fit ${counted(dataBytes, "byte")}, and no dtype says how`;
}

/** The values of a raster's first frame. */
export function readValues(
  { width, height, channels, pixel, littleEndian }: Raster,
  bytes: Uint8Array,
): Values {
  const count = width * height * channels;
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
