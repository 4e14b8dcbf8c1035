// Before a producer confirmed an event as durable it changed the partition's folder, so that the system would write
// the folder again, and synced it. Another process's sync of that folder failed between the two: the system dropped
// the change and reported it to that process alone. Our sync succeeded, the event was confirmed, and a power cut took the
// segment's name. The folder is open now before it is changed, so that the failure is reported to us too.
import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { FilesDriver } from "../../src/drivers/files/driver.ts";
import { test } from "../harness.ts";
import { SimulatedDisk } from "../simulation/disk/disk.ts";
import { SimulatedProcess } from "../simulation/disk/process.ts";
import { interruptOnce } from "../simulation/interrupt_once.ts";
import { DEFAULT_COMPONENTS, directoryOf, ROOT, TOPIC } from "../simulation/world.ts";

test("an event is not confirmed as durable if another process's sync of the folder fails at any moment before", async () => {
  let refused = 0;
  for (let moment = 0, wasInterrupted = true; wasInterrupted; moment++) {
    assertLess(moment, 200);
    const disk = new SimulatedDisk(1);
    disk.names.journal = "none";
    const setup = new SimulatedProcess(disk);
    setup.makeDirectory(ROOT);
    setup.syncDirectory("/");
    const driver = new FilesDriver({ root_path: ROOT, flush_behavior: "immediate" }, setup);
    await driver.createTopic(TOPIC, { options: {}, ...DEFAULT_COMPONENTS });
    const topic = await driver.openTopic(TOPIC);
    const producer = topic.producer("");
    const end = interruptOnce(disk, moment, () => {
      disk.names.failSync(disk.names.directory(directoryOf(0)));
    });
    let isConfirmed = true;
    try {
      await producer.append(0, { count: 1, metadata: ["{}"], dataBytes: 0 });
    } catch {
      isConfirmed = false;
      refused++;
    }
    wasInterrupted = end();
    // Everything that was not synced is lost.
    disk.random.pick = (among) => among.at(-1)!;
    disk.powerCut();
    const found = await new FilesDriver({ root_path: ROOT }, new SimulatedProcess(disk)).openTopic(TOPIC);
    const [description] = await found.describe();
    if (isConfirmed) assertEquals(description?.nextId, 1, `at call ${moment}`);
    await found.close();
    await producer.close().catch(() => {});
    await topic.close();
  }
  assertGreater(refused, 0);
});
