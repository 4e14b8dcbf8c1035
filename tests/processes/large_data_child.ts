// Pushes a large data part as a stream, reads pieces of it, and reports the peak memory.
import process from "node:process";
import { type DataDescriptor, Driver } from "../../mod.ts";

const [rootPath, sizeText] = process.argv.slice(2);
const size = Number(sizeText);
const CHUNK_BYTES = 1 << 20;

/** The byte at an offset, so that a piece can be checked without the rest. */
function byteAt(offset: number): number {
  return (offset * 31 + Math.floor(offset / CHUNK_BYTES)) & 0xff;
}

async function* chunks(): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < size; offset += CHUNK_BYTES) {
    const chunk = new Uint8Array(Math.min(CHUNK_BYTES, size - offset));
    for (let index = 0; index < chunk.length; index++) chunk[index] = byteAt(offset + index);
    rssMax = Math.max(rssMax, process.memoryUsage().rss);
    yield chunk;
  }
}

await using driver = await Driver.open("files", { root_path: rootPath });
await driver.createTopic("large", { num_partitions: 1 });
await using topic = await driver.openTopic("large");
await using producer = topic.producer("writer");
await producer.push({ warm: true }, new Uint8Array(3 * CHUNK_BYTES));
const rssBefore = process.memoryUsage().rss;
let rssMax = rssBefore;
const id = await producer.push({ size }, chunks());

await using consumer = topic.consumer("reader", { from: { id } });
const event = await consumer.pull();
const whole: DataDescriptor = event.dataDescriptor;
let isRight = whole.size === size;
for (const offset of [0, 65_535, Math.floor(size / 2) - 5, size - 1000]) {
  const piece = await event.loadData(whole.makeSubView(offset, 1000));
  isRight &&= piece.every((byte, index) => byte === byteAt(offset + index));
  rssMax = Math.max(rssMax, process.memoryUsage().rss);
}
console.log(JSON.stringify({ isRight, grownMiB: Math.round((rssMax - rssBefore) / CHUNK_BYTES) }));
