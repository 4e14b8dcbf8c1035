// A read-only disk.
import { assertEquals, assertRejects } from "@std/assert";
import { readdirSync } from "node:fs";
import { Driver, StorageError } from "../../mod.ts";
import { test } from "../harness.ts";
import { SmallDisk, UNMOUNTABLE } from "./file_systems.ts";

test("on a read-only disk everything can be read, and changes fail until it is writable", {
  skip: UNMOUNTABLE,
}, async () => {
  const disk = new SmallDisk("8m");
  const view = disk.readOnlyView();
  try {
    {
      await using driver = await Driver.open("files", { root_path: disk.path });
      await driver.createTopic("read", { num_partitions: 2 });
      await using topic = await driver.openTopic("read");
      await using producer = topic.producer("test");
      for (let n = 0; n < 10; n++) producer.push({ n }, new Uint8Array(n), { partition: 0 });
      await producer.flush();
    }
    const before = readdirSync(disk.path, { recursive: true }).sort();
    await using driver = await Driver.open("files", { root_path: view.path });
    await using topic = await driver.openTopic("read");
    await using consumer = topic.consumer("reader");
    const event = await consumer.pull();
    assertEquals(event.metadata, { n: 0 });
    assertEquals((await topic.describe())[0].nextId, 10);
    assertEquals((await topic.lag("reader"))[0].events, 10);

    await using producer = topic.producer("test");
    for (
      const change of [
        async () => await producer.push({}, undefined, { partition: 0 }),
        // Nothing was written there yet, so the first segment would have to be created.
        async () => await producer.push({}, undefined, { partition: 1 }),
        async () => await event.acknowledge(),
        () => topic.seekConsumer("other", { id: 3 }),
        () => topic.edit({ segment_bytes: 65536 }),
        () => driver.createTopic("new", {}),
        () => driver.deleteTopic("read"),
      ]
    ) {
      const error = await assertRejects<StorageError>(change as () => Promise<unknown>, StorageError);
      assertEquals(error.errno, "EROFS", error.message);
    }
    assertEquals(readdirSync(disk.path, { recursive: true }).sort(), before);
    assertEquals((await consumer.pull()).metadata, { n: 1 });

    view.makeWritable();
    assertEquals(await producer.push({}, undefined, { partition: 0 }), 10);
    assertEquals(await producer.push({}, undefined, { partition: 1 }), 0);
    await event.acknowledge();
    assertEquals((await topic.lag("reader"))[0].position, 1);
  } finally {
    view.remove();
    disk.remove();
  }
});
