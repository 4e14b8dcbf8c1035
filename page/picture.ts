/** What an image's bytes begin with. */
const SIGNATURES: readonly [type: string, offset: number, bytes: readonly number[]][] = [
  ["image/png", 0, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  ["image/jpeg", 0, [0xff, 0xd8, 0xff]],
  ["image/gif", 0, [0x47, 0x49, 0x46, 0x38]],
  ["image/webp", 8, [0x57, 0x45, 0x42, 0x50]],
  ["image/bmp", 0, [0x42, 0x4d]],
  ["image/avif", 4, [0x66, 0x74, 0x79, 0x70, 0x61, 0x76, 0x69, 0x66]],
];

/** The type of an image file, undefined when the bytes are none. Never SVG, which may hold programs. */
export function imageType(bytes: Uint8Array): string | undefined {
  return SIGNATURES.find(([, offset, signature]) =>
    signature.every((byte, at) => bytes[offset + at] === byte)
  )
    ?.[0];
}

/** Pixels without a file format around them, as the metadata describe them. */
export interface Raster {
  width: number;
  height: number;
  pixel: "gray8" | "gray16" | "float32" | "float64" | "rgb" | "rgba";
}

const PIXELS_MAX = 20_000_000;

/** The raster that data of this size are, by the `width` and `height` (or `shape`) of their metadata. */
export function rasterOf(metadata: unknown, dataBytes: number): Raster | undefined {
  if (typeof metadata !== "object" || metadata === null) return undefined;
  const record = metadata as Record<string, unknown>;
  const shape = Array.isArray(record["shape"]) ? record["shape"] : [];
  const width = Number(record["width"] ?? shape[1]);
  const height = Number(record["height"] ?? shape[0]);
  const pixels = width * height;
  if (!Number.isInteger(width) || !Number.isInteger(height) || pixels <= 0 || pixels > PIXELS_MAX) {
    return undefined;
  }
  const isFloat = /float|f32|f64|<f|>f/i.test(
    JSON.stringify([record["pixel"], record["dtype"], record["type"]]),
  );
  switch (dataBytes / pixels) {
    case 1:
      return { width, height, pixel: "gray8" };
    case 2:
      return { width, height, pixel: "gray16" };
    case 3:
      return { width, height, pixel: "rgb" };
    case 4:
      return { width, height, pixel: isFloat ? "float32" : "rgba" };
    case 8:
      return { width, height, pixel: "float64" };
    default:
      return undefined;
  }
}

/** The values that are drawn black and white. */
export interface Shades {
  black: number;
  white: number;
}

/**
 * Draws a raster; single values from black for the lowest to white for the highest, which are given back.
 */
export function drawRaster(
  canvas: HTMLCanvasElement,
  { width, height, pixel }: Raster,
  bytes: Uint8Array,
): Shades | undefined {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  if (context === null) return undefined;
  const image = context.createImageData(width, height);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let shades: Shades | undefined;
  if (pixel === "rgb" || pixel === "rgba") {
    const size = pixel.length;
    for (let at = 0; at < width * height; at++) {
      for (let part = 0; part < 3; part++) image.data[at * 4 + part] = bytes[at * size + part];
      image.data[at * 4 + 3] = pixel === "rgba" ? bytes[at * size + 3] : 255;
    }
  } else {
    const read: Record<typeof pixel, (at: number) => number> = {
      gray8: (at) => bytes[at],
      gray16: (at) => view.getUint16(at * 2, true),
      float32: (at) => view.getFloat32(at * 4, true),
      float64: (at) => view.getFloat64(at * 8, true),
    };
    const values = Array.from({ length: width * height }, (_, at) => read[pixel](at));
    let [low, high] = [Infinity, -Infinity];
    for (const value of values) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
    shades = { black: low, white: high };
    values.forEach((value, at) => {
      image.data.fill(high > low ? (value - low) / (high - low) * 255 : 0, at * 4, at * 4 + 3);
      image.data[at * 4 + 3] = 255;
    });
  }
  context.putImageData(image, 0, 0);
  return shades;
}
