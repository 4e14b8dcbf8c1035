import { counted, formatCount } from "./format.ts";

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
  /** The number of frames in the data. */
  frames: number;
  /** Fortran order: the first dimension of the shape varies fastest. */
  isColumnMajor?: boolean;
  /** Whether the metadata says what a pixel is, or only its size does. */
  isSaid: boolean;
}

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
    bool_: "uint8",
    boolean: "uint8",
    "?": "uint8",
    "|?": "uint8",
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

const SIZE_KEYS = ["shape", "dims", "dimensions", "width", "columns", "cols", "height", "rows"];

/** Why width and height are not known. */
function dimensionFault(record: Readonly<Record<string, unknown>>): string {
  const given = SIZE_KEYS.filter((key) => record[key] !== undefined)
    .map((key) => `${key} ${JSON.stringify(record[key])}`);
  if (given.length === 0) return "the metadata has no width and height, and no shape";
  return `${given.join(" and ")} in the metadata ${
    given.length === 1 ? "gives" : "give"
  } no width and height of one pixel or more`;
}

/** Whether columns rather than rows are stored one after the other, in the words of numpy. */
function isFortran(record: Readonly<Record<string, unknown>>): boolean {
  const { order, fortran_order, fortranOrder } = record;
  return fortran_order === true || fortranOrder === true ||
    typeof order === "string" && /^(?:f|fortran|column[-_ ]?major)$/i.test(order);
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
  if (dimensions === undefined) return dimensionFault(record);
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
  const isColumnMajor = isFortran(record);
  const base = { width, height, littleEndian, ...(isColumnMajor ? { isColumnMajor } : {}) };
  if (said !== undefined) {
    const count = channels === 3 || channels === 4 ? channels : 1;
    const frameBytes = pixels * count * PIXEL_BYTES[said.pixel];
    const frames = dataBytes / frameBytes;
    if (Number.isInteger(frames) && frames > 0) {
      return { ...base, pixel: said.pixel, channels: count, frames, isSaid: true };
    }
    return `${width} × ${height} pixels of ${said.pixel} are ${counted(frameBytes, "byte")}, and these are ${
      formatCount(dataBytes)
    }`;
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
