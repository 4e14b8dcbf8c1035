// Detector images in a real browser: every type and byte order, hot pixels, and frames larger than any screen.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { JsonObject, Topic } from "../../mod.ts";
import { test } from "../harness.ts";
import { browserMissing, look, type Seen } from "./browser.ts";

const WITH_BROWSER = { skip: browserMissing };
const SIDE = 32;

/** A ramp from -100 to 923 in two hundred steps, stored as a type. */
function slope(
  bytes: number,
  write: (view: DataView, at: number, value: number) => void,
  from = -100,
): Uint8Array {
  const data = new Uint8Array(SIDE * SIDE * bytes);
  const view = new DataView(data.buffer);
  for (let at = 0; at < SIDE * SIDE; at++) write(view, at * bytes, at + from);
  return data;
}

const TYPES: readonly [metadata: JsonObject, data: Uint8Array, name: RegExp][] = [
  [{ dtype: "int16" }, slope(2, (view, at, value) => view.setInt16(at, value, true)), /int16, little-endian/],
  [{ dtype: ">i2" }, slope(2, (view, at, value) => view.setInt16(at, value)), /int16, big-endian/],
  [{ pixel: "int32" }, slope(4, (view, at, value) => view.setInt32(at, value, true)), /int32, little-endian/],
  [{ dtype: "<u4" }, slope(4, (view, at, value) => view.setUint32(at, value, true), 70_000), /uint32/],
  [
    { pixel: "uint32be" },
    slope(4, (view, at, value) => view.setUint32(at, value), 70_000),
    /uint32, big-endian/,
  ],
  [
    { dtype: "uint16", byte_order: "big" },
    slope(2, (view, at, value) => view.setUint16(at, value), 0),
    /uint16, big/,
  ],
  [{ dtype: "float32" }, slope(4, (view, at, value) => view.setFloat32(at, value / 7, true)), /float32/],
  [{ dtype: ">f8" }, slope(8, (view, at, value) => view.setFloat64(at, value * 1e9)), /float64, big-endian/],
  [{ dtype: "int64" }, slope(8, (view, at, value) => view.setBigInt64(at, BigInt(value), true)), /int64/],
];

async function pushOne(topic: Topic, metadata: JsonObject, data: Uint8Array): Promise<void> {
  await using producer = topic.producer();
  producer.push(metadata, data);
  await producer.flush();
}

/** Opens the only event of a topic and waits for its image. */
async function open({ page, go }: Seen, name: string): Promise<void> {
  await go(`topics/${name}/events?partition=0`);
  await page.locator(".open-event").first().click();
  await page.locator("canvas.picture").waitFor();
}

/** Red of the image's first, middle and last pixel, and how many pixels are neither black nor white. */
async function shades(
  { page }: Seen,
): Promise<{ first: number; middle: number; last: number; between: number }> {
  return await page.evaluate(`(() => {
    const canvas = document.querySelector("canvas.picture");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const red = Array.from({ length: data.length / 4 }, (_, at) => data[at * 4]);
    return {
      first: red[0],
      middle: red[red.length / 2 + canvas.width / 2],
      last: red.at(-1),
      between: red.filter((value) => value > 10 && value < 245).length,
    };
  })()`) as { first: number; middle: number; last: number; between: number };
}

test("every pixel type and byte order is drawn with its values", WITH_BROWSER, async () => {
  await look(async (seen) => {
    for (const [index, [metadata, data, name]] of TYPES.entries()) {
      await seen.fill(
        `t${index}`,
        { num_partitions: 1 },
        (topic) => pushOne(topic, { ...metadata, shape: [SIDE, SIDE] }, data),
      );
      await open(seen, `t${index}`);
      assertMatch(await seen.page.locator("section", { hasText: "by 32 pixels" }).innerText(), name);
      const { first, middle, last, between } = await shades(seen);
      assertEquals([first, last], [0, 255], JSON.stringify(metadata));
      assert(
        Math.abs(middle - 128) < 8 && between > 900,
        `${JSON.stringify(metadata)}: ${middle}, ${between}`,
      );
    }
  });
});

test(
  "two hot pixels do not change the image, and the value under the pointer is the stored one",
  WITH_BROWSER,
  async () => {
    await look(async (seen) => {
      const data = slope(2, (view, at, value) => view.setUint16(at, value, true), 0);
      new DataView(data.buffer).setUint16(0, 65535, true);
      new DataView(data.buffer).setUint16(1000, 65535, true);
      await seen.fill(
        "hot",
        { num_partitions: 1 },
        (topic) => pushOne(topic, { width: SIDE, height: SIDE, dtype: "uint16" }, data),
      );
      await open(seen, "hot");
      const { page } = seen;
      assert((await shades(seen)).between > 900);
      const canvas = page.locator("canvas.picture");
      const box = (await canvas.boundingBox())!;
      const scale = Math.min(box.width, box.height) / SIDE;
      const [left, top] = [box.x + (box.width - SIDE * scale) / 2, box.y + (box.height - SIDE * scale) / 2];
      await page.mouse.move(left + scale * 5.5, top + scale * 7.5);
      await page.getByText("x 5, y 7: 229").waitFor();
      await page.mouse.move(left + scale / 2, top + scale / 2);
      await page.getByText("x 0, y 0: 65535").waitFor();
      // Nothing clipped: the hot pixels make everything else black.
      await page.getByLabel("Clip").fill("0");
      await page.getByText("65,535").first().waitFor();
      assertEquals((await shades(seen)).between, 0);
      await page.getByLabel("Scale").selectOption("log");
      assert((await shades(seen)).between > 500);
      await page.getByLabel("Colours").selectOption("viridis");
      assertEquals((await shades(seen)).first, 0xfd);
      assertStringIncludes(
        await page.getByRole("img", { name: /^Histogram/ }).getAttribute("aria-label") ?? "",
        "65,535",
      );
      await page.getByLabel("Read as").selectOption("int16");
      await page.mouse.move(left + scale / 2, top + scale / 2 + 1);
      await page.getByText("x 0, y 0: -1").waitFor();
      await seen.shoot("image");
    });
  },
);

test(
  "a frame of 7000 by 7000 pixels is reduced, and one of the wrong size says why",
  WITH_BROWSER,
  async () => {
    await look(async (seen) => {
      const data = new Uint8Array(7000 * 7000);
      for (let row = 0; row < 7000; row++) data.fill(row / 7000 * 250, row * 7000, (row + 1) * 7000);
      await seen.fill(
        "large",
        { num_partitions: 1 },
        (topic) => pushOne(topic, { shape: [7000, 7000], dtype: "uint8" }, data),
      );
      await open(seen, "large");
      await seen.page.getByText("the mean of 4 by 4").waitFor();
      const { first, last, between } = await shades(seen);
      assertEquals([first, last], [0, 255]);
      assert(between > 1_000_000);
      await seen.fill(
        "wrong",
        { num_partitions: 1 },
        (topic) => pushOne(topic, { shape: [10, 10], dtype: "uint16" }, new Uint8Array(100)),
      );
      await seen.go("topics/wrong/events?partition=0");
      await seen.page.locator(".open-event").first().click();
      await seen.page.getByRole("group", { name: "Show data as" }).getByRole("button", { name: "image" })
        .click();
      await seen.page.getByText("10 × 10 pixels of uint16 are 200 bytes, and these are 100").waitFor();
    });
  },
);

test(
  "each frame of a stack is shown, with how many of its values no colour can show",
  WITH_BROWSER,
  async () => {
    await look(async (seen) => {
      const { page } = seen;
      const values = new Float32Array(3 * 8 * 8).map((_, at) => at);
      values.set([NaN, Infinity, -3e38], 64);
      values.fill(7, 128);
      await seen.fill(
        "stack",
        { num_partitions: 1 },
        (topic) => pushOne(topic, { shape: [3, 8, 8], dtype: "<f4" }, new Uint8Array(values.buffer)),
      );
      await open(seen, "stack");
      await page.getByText("8 by 8 pixels, float32, little-endian, 3 frames, numbered from 0", {
        exact: true,
      })
        .waitFor();
      await page.getByLabel("Frame").fill("1");
      await page.getByText("numbered from 0, 1 value not a number (transparent), 1 infinite").waitFor();
      await page.getByLabel("Clip").fill("0");
      await page.getByText("-3.0000e+38").waitFor();
      await page.getByLabel("Frame").fill("2");
      await page.getByText("Every pixel is 7.").waitFor();
      const canvas = (await page.locator("canvas.picture").boundingBox())!;
      await page.mouse.move(canvas.x + canvas.width / 2, canvas.y + canvas.height / 2);
      await page.getByText(/: 7$/).waitFor();
    });
  },
);
