// Metadata of events with 1 MiB of data cost 5 µs each, because each event had a frame for itself, and so a read of its
// head: nothing but the number of frames could make that less. Large data parts share frames now.
import { assert, assertEquals } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Driver, FullDataSelector } from "../../mod.ts";
import { Partition } from "../../src/log/partition.ts";
import { PartitionReader } from "../../src/log/read/reader.ts";
import { changedStorage } from "../log/port_wrapper.ts";
import { test } from "../harness.ts";
import { randomBytes } from "../wasm/reference.ts";

const EVENTS = 16;

test("one read gives the metadata of four events with 1 MiB of data, and each event has its own data", async () => {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-metadata-over-large-data-"));
  try {
    await using driver = await Driver.open("files", { root_path: folder });
    await driver.createTopic("images", { num_partitions: 1 });
    await using topic = await driver.openTopic("images");
    const pool = randomBytes(2 << 20, 1);
    const image = (n: number) => pool.subarray(n * 7, n * 7 + (1 << 20));
    const producer = topic.producer("camera");
    for (let n = 0; n < EVENTS; n++) producer.push({ n }, image(n));
    await producer.close();

    let reads = 0;
    const storage = changedStorage((file) => ({
      readAt: (into, offset) => {
        reads++;
        return file.readAt(into, offset);
      },
    }));
    const directory = join(folder, "images", "partitions", "00000000");
    const partition = new Partition({ storage, directory, topic: "images", partition: 0 });
    const reader = new PartitionReader(partition, { dataWanted: false, onCorruption: "throw" });
    reader.seek("earliest");
    let events = 0;
    for (let batch; (batch = reader.read(1000)) !== undefined;) events += batch.count;
    assertEquals(events, EVENTS);
    assert(reads <= 12, `${reads} reads`);

    await using consumer = topic.consumer("viewer", { dataSelector: FullDataSelector });
    for (let n = 0; n < EVENTS; n++) {
      const { metadata, dataBuffers } = await consumer.pull();
      assertEquals(metadata, { n });
      assertEquals(dataBuffers[0]!.subarray(0, 4096), image(n).subarray(0, 4096));
      assertEquals(dataBuffers[0]!.byteLength, 1 << 20);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
