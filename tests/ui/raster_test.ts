import { assertEquals } from "@std/assert";
import { Distribution } from "../../page/contrast.ts";
import { imageType } from "../../page/picture.ts";
import { type Raster, rasterOf } from "../../page/raster.ts";
import { shown } from "../../page/raster_text.ts";
import { exactValue, placeOf, readValues, reduce, summaryOf } from "../../page/raster_values.ts";
import { test } from "../harness.ts";

test("metadata describes a raster in the terms of numpy, C and images", () => {
  const cases: [Record<string, unknown>, number, string][] = [
    [{ shape: [4, 6], dtype: "<u2" }, 48, "uint16 1 true 1"],
    [{ shape: [4, 6], dtype: ">i4" }, 96, "int32 1 false 1"],
    [{ width: 6, height: 4, pixel: "int16be" }, 48, "int16 1 false 1"],
    [{ width: 6, height: 4, pixel: "gray16" }, 48, "uint16 1 true 1"],
    [{ shape: [4, 6], dtype: "np.float32" }, 96, "float32 1 true 1"],
    [{ shape: [4, 6], type: "double", endian: "big" }, 192, "float64 1 false 1"],
    [{ shape: [4, 6], dtype: "half" }, 48, "float16 1 true 1"],
    [{ shape: [4, 6, 3], dtype: "uint8" }, 72, "uint8 3 true 1"],
    [{ shape: [10, 4, 6], dtype: "uint8" }, 240, "uint8 1 true 10"],
    [{ rows: 4, cols: 6, pixel: "rgba" }, 96, "uint8 4 true 1"],
    [{ shape: [4, 6] }, 48, "uint16 1 true 1"],
    [{ shape: [4, 6] }, 96, "uint32 1 true 1"],
    [{ shape: [4, 6], type: "image" }, 72, "uint8 3 true 1"],
    [{ shape: [4, 6, 1], dtype: "uint8" }, 24, "uint8 1 true 1"],
    [{ shape: [2, 4, 6, 1], dtype: ">u2" }, 96, "uint16 1 false 2"],
    [{ shape: [4, 6, 3], dtype: "<u2" }, 144, "uint16 3 true 1"],
  ];
  for (const [metadata, bytes, expected] of cases) {
    const raster = rasterOf(metadata, bytes) as Raster;
    const { pixel, channels, littleEndian, frames, width, height } = raster;
    assertEquals(
      [`${pixel} ${channels} ${littleEndian} ${frames}`, width, height],
      [expected, 6, 4],
      JSON.stringify(metadata),
    );
  }
  for (
    const metadata of [null, 1, {}, { width: 4 }, { width: -1, height: 2 }, { shape: [1.5, 2] }, {
      shape: [9, 9],
    }]
  ) {
    assertEquals(typeof rasterOf(metadata, 48), "string");
  }
});

test("one dimension is a row; an unknown type of numbers is named rather than guessed", () => {
  const row = rasterOf({ shape: [7], dtype: "float32" }, 28) as Raster;
  assertEquals([row.width, row.height, row.pixel], [7, 1, "float32"]);
  assertEquals(
    rasterOf({ shape: [4, 6], dtype: "complex64" }, 192),
    "the dtype “complex64” is not a type of numbers that is known here",
  );
});

test("half precision and 64 bit values are read, in both byte orders", () => {
  const raster = { width: 4, height: 1, channels: 1, frames: 1, isSaid: true } as const;
  const halves = new Uint8Array([0x3c, 0x00, 0xc0, 0x00, 0x00, 0x01, 0x7c, 0x00]);
  assertEquals(
    [...readValues({ ...raster, pixel: "float16", littleEndian: false }, halves)],
    [1, -2, 2 ** -24, Infinity],
  );
  const wide = new Uint8Array(new BigInt64Array([-5n, 0n, 1n, 2n ** 40n]).buffer);
  assertEquals([...readValues({ ...raster, pixel: "int64", littleEndian: true }, wide)], [-5, 0, 1, 2 ** 40]);
  const large = new Uint8Array(9);
  new DataView(large.buffer).setBigUint64(1, 2n ** 63n + 1n);
  const [value] = [exactValue({ ...raster, pixel: "uint64", littleEndian: false }, large.subarray(1), 0)];
  assertEquals(value, 2n ** 63n + 1n);
});

test("contrast clips hot pixels, and ignores a value that fills the image", () => {
  const values = Float64Array.from({ length: 10_000 }, (_, at) => at % 100);
  values[7] = 1e9;
  values[8] = NaN;
  assertEquals(new Distribution(values).range(0.5), [0, 99]);
  const sparse = new Uint32Array(10_000);
  for (let at = 0; at < 20; at++) sparse[at * 100] = at + 1;
  const [black, white] = new Distribution(sparse).range(0.5);
  assertEquals([black, white], [0, 20]);
  assertEquals(new Distribution(new Uint8Array(5).fill(3)).range(0.5), [3, 3]);
});

test("a reduced image has the means, including the last rows and columns", () => {
  const { values, width, height, factor } = reduce(Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9]), 3, 3, 2);
  assertEquals([[...values], width, height, factor], [[3, 4.5, 7.5, 9], 2, 2, 2]);
});

test("a frame of a stack is read, in Fortran order, too", () => {
  const stack = rasterOf({ shape: [2, 2, 3], dtype: "<u2" }, 24) as Raster;
  const bytes = new Uint8Array(Uint16Array.from({ length: 12 }, (_, at) => at).buffer);
  assertEquals([...readValues(stack, bytes, 1)], [6, 7, 8, 9, 10, 11]);
  // As numpy stores np.arange(12).reshape(2, 2, 3) in order "F".
  const columns = rasterOf({ shape: [2, 2, 3], dtype: "<u2", order: "F" }, 24) as Raster;
  const stored = new Uint8Array(Uint16Array.from([0, 6, 3, 9, 1, 7, 4, 10, 2, 8, 5, 11]).buffer);
  assertEquals([...readValues(columns, stored, 0)], [0, 1, 2, 3, 4, 5]);
  assertEquals([...readValues(columns, stored, 1)], [6, 7, 8, 9, 10, 11]);
  assertEquals(placeOf(columns, 1, 5), 11);
  for (const said of [{ fortran_order: true }, { order: "column-major" }]) {
    assertEquals((rasterOf({ shape: [2, 2], dtype: "u1", ...said }, 4) as Raster).isColumnMajor, true);
  }
  assertEquals((rasterOf({ shape: [2, 2], dtype: "u1", order: "C" }, 4) as Raster).isColumnMajor, undefined);
});

test("a size that is none and data of another size are named as they are", () => {
  assertEquals(
    rasterOf({ width: 0, height: 64, dtype: "u1" }, 10),
    "width 0 and height 64 in the metadata give no width and height of one pixel or more",
  );
  assertEquals(
    rasterOf({ width: 64, height: 64, dtype: "uint16" }, 1000),
    "64 × 64 pixels of uint16 are 8,192 bytes, and these are 1,000",
  );
  assertEquals((rasterOf({ shape: [2, 2], dtype: "|?" }, 4) as Raster).pixel, "uint8");
});

test("values that colours cannot show are counted, and large ones fit their place", () => {
  const values = Float32Array.from([1, NaN, Infinity, -Infinity, NaN]);
  assertEquals(summaryOf(values), { nans: 2, infinities: 2, isUniform: false });
  assertEquals(summaryOf(new Uint8Array(4).fill(7)), { nans: 0, infinities: 0, isUniform: true });
  assertEquals([3.4028235e38, 65535, 1 / 3].map(shown), ["3.4028e+38", "65,535", "0.333333"]);
});

test("a BMP file is recognised, and a text that begins with the same letters is none", () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  assertEquals(imageType(bytes("BM\x9a\0\0\0\0\0\0\0\x8a")), "image/bmp");
  assertEquals(imageType(bytes("BMW 320, BMW 520")), undefined);
});
