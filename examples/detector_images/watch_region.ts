/**
 * Watches the middle of every image, a third of its width and height. Only those pixels are read, with a
 * strided view: blocks of equal size, with equal gaps between them.
 *
 * ```sh
 * deno run -A examples/detector_images/watch_region.ts /tmp/images-data
 * ```
 *
 * @module
 */
import process from "node:process";
import { type DataDescriptor, Driver } from "../../mod.ts";
import { decodePixels, type ImageMetadata, PIXEL_BYTES, type Region } from "./raster.ts";

const [rootPath = "/tmp/images-data"] = process.argv.slice(2);

/** The middle of an image. */
function middleOf({ width, height }: ImageMetadata): Region {
  const [w, h] = [Math.floor(width / 3), Math.floor(height / 3)];
  return { x: Math.floor((width - w) / 2), y: Math.floor((height - h) / 2), width: w, height: h };
}

/** The bytes of the region: one block per row. */
function selectRegion(image: ImageMetadata, descriptor: DataDescriptor): DataDescriptor {
  const { x, y, width, height } = middleOf(image);
  const rowBytes = width * PIXEL_BYTES;
  return descriptor.makeStridedView(
    (y * image.width + x) * PIXEL_BYTES,
    height,
    rowBytes,
    image.width * PIXEL_BYTES - rowBytes,
  );
}

/** Statistics of a subject. */
interface Statistics {
  images: number;
  mean: number;
  peak: number;
  picture: string;
}

const SHADES = " .:-=+*#%@";

/** A few lines of text that look like the region. */
function draw(pixels: readonly number[], { width, height }: Region): string {
  const [low, high] = [Math.min(...pixels), Math.max(...pixels)];
  const [columns, lines] = [Math.min(width, 48), Math.min(height, 12)];
  return Array.from({ length: lines }, (_, line) =>
    Array.from({ length: columns }, (_, column) => {
      const at = Math.floor(line * height / lines) * width + Math.floor(column * width / columns);
      const share = (pixels[at] - low) / (high - low || 1);
      return SHADES[Math.round(share * (SHADES.length - 1))];
    }).join("").trimEnd()).join("\n");
}

await using driver = await Driver.open("files", { root_path: rootPath });
await using topic = await driver.openTopic<ImageMetadata>("images");
await using consumer = topic.consumer("region-watcher", { dataSelector: selectRegion });

const statistics = new Map<string, Statistics>();
let [bytesRead, bytesStored] = [0, 0];
for await (const event of consumer.events({ until: "end" })) {
  const { subject } = event.metadata;
  const pixels = decodePixels(event.data!);
  const seen = statistics.get(subject) ??
    { images: 0, mean: 0, peak: 0, picture: draw(pixels, middleOf(event.metadata)) };
  seen.images++;
  seen.mean = pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
  seen.peak = Math.max(seen.peak, ...pixels);
  statistics.set(subject, seen);
  bytesRead += event.data!.length;
  bytesStored += event.dataDescriptor.size;
  // Acknowledging now and then is enough: after a restart, only later events are delivered again.
  if ((event.id + 1) % 10 === 0) event.acknowledge();
}

for (const [subject, { images, mean, peak, picture }] of statistics) {
  console.log(`${subject}: ${images} images; in the middle the mean is ${mean.toFixed(1)}, the peak ${peak}`);
  console.log(picture);
}
console.log(`${bytesRead} of ${bytesStored} bytes of pixels were delivered`);
