// A process was killed while it created a topic: after the rename that gives the topic its name, before the sync of
// the folder with the topics. Another one found the topic, and pushed with `flush_behavior: "immediate"`. It synced
// the segment and the partition's folder, and its pushes completed; then a power cut took the topic's name, and the
// topic with everything in it was gone.
import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { FilesDriver } from "../../src/drivers/files/driver.ts";
import { test } from "../harness.ts";
import { SimulatedDisk } from "../simulation/disk/disk.ts";
import { SimulatedKill } from "../simulation/disk/failure.ts";
import { SimulatedProcess } from "../simulation/disk/process.ts";
import { DEFAULT_COMPONENTS } from "../simulation/world.ts";

const COMPONENTS = { ...DEFAULT_COMPONENTS, options: {} };

function driverOf(process: SimulatedProcess): FilesDriver {
  return new FilesDriver({ root_path: "/store", flush_behavior: "immediate" }, process);
}

test("a durable event survives a power cut whenever the process that created its topic was killed", async () => {
  let used = 0;
  let isMade = false;
  for (let call = 0; !isMade; call++) {
    assertLess(call, 200);
    const disk = new SimulatedDisk(call);
    // A sync of one folder covers no other one.
    disk.names.journal = "none";
    const setup = new SimulatedProcess(disk);
    setup.makeDirectory("/store");
    setup.syncDirectory("/");
    const creator = new SimulatedProcess(disk);
    const killedAt = disk.calls + 1 + call;
    disk.beforeCall = () => {
      if (disk.calls === killedAt) creator.end();
    };
    const driver = driverOf(creator);
    try {
      await driver.createTopic("main", COMPONENTS);
      isMade = true;
    } catch (error) {
      if (!(error instanceof SimulatedKill)) throw error;
    }
    disk.beforeCall = () => {};
    const other = driverOf(new SimulatedProcess(disk));
    if (!await other.topicExists("main")) continue;
    used++;
    const topic = await other.openTopic("main");
    const producer = topic.producer("");
    assertEquals(await producer.append(0, { count: 1, metadata: ['{"a":1}'], dataBytes: 0 }), 0);
    // Everything that was not synced is lost.
    disk.random.pick = (among) => among.at(-1)!;
    disk.powerCut();
    const found = await driverOf(new SimulatedProcess(disk)).openTopic("main");
    assertEquals((await found.describe()).map(({ nextId }) => nextId), [1], `killed at call ${call}`);
    await found.close();
    await producer.close();
    await topic.close();
  }
  assertGreater(used, 1);
});
