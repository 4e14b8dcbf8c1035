/** The detector: pushes images to the topic `images`, with their pixels as data.
 *
 * ```sh
 * deno run -A examples/detector_images/detector.ts /tmp/images-data 50
 * ```
 *
 * The images are real: the Maunga Whau volcano in metres (87 by 61 pixels) and the annual precipitation of the
 * world in millimetres (360 by 168), both from the package `vega-datasets`.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { BatchSize, Driver } from "../../mod.ts";
import { encodePixels, type ImageMetadata } from "./raster.ts";

const [rootPath = "/tmp/images-data", shots = "50"] = process.argv.slice(2);

interface RasterFile {
  width: number;
  height: number;
  values: number[];
}

/** An image, ready to be pushed any number of times. */
function readImage(subject: string): { about: Omit<ImageMetadata, "frame">; pixels: Uint8Array } {
  const file = new URL(`../../node_modules/vega-datasets/data/${subject}.json`, import.meta.url);
  const { width, height, values } = JSON.parse(readFileSync(file, "utf8")) as RasterFile;
  return { about: { subject, width, height, pixel: "uint16le" }, pixels: encodePixels(values) };
}

const images = ["volcano", "annual-precip"].map(readImage);

await using driver = await Driver.open("files", { root_path: rootPath });
if (!await driver.topicExists("images")) await driver.createTopic("images", { num_partitions: 2 });
await using topic = await driver.openTopic<ImageMetadata>("images");
await using producer = topic.producer("detector", { batchSize: BatchSize.Adaptive });

let bytes = 0;
for (let frame = 0; frame < Number(shots); frame++) {
  for (const [partition, { about, pixels }] of images.entries()) {
    // The pixels are not copied, so they must not change until flush() completes.
    producer.push({ frame, ...about }, pixels, { partition });
    bytes += pixels.length;
  }
}
await producer.flush();
console.log(`pushed ${Number(shots) * images.length} images, ${bytes} bytes of pixels`);
