// A seek that failed, or whose process was killed, after it had stored its position and before the other open consumers of
// the name learned of it, took away what those acknowledged from then on: it went into the generation before the seek,
// where it did not count. And a removal that was withdrawn, because a writer came to need what was to be removed, was
// reported as "event 1 was removed; the first event there is 1".
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Driver, EventGoneError, StorageError } from "../../mod.ts";
import { ConsumerRegistry } from "../../src/drivers/files/consumer_registry.ts";
import { FilesDriver } from "../../src/drivers/files/driver.ts";
import { firstName, needsName } from "../../src/log/segment/listing.ts";
import { ROOT, SimulatedFolder } from "../drivers/files/simulated_folder.ts";
import { test } from "../harness.ts";

test("what a consumer acknowledges after another one's seek counts, whichever call of the seek failed", () => {
  const positions = new Set<number>();
  for (let moment = 0, isOver = false; !isOver; moment++) {
    const folder = new SimulatedFolder();
    for (const path of ["t", "t/consumers"]) folder.storage.makeDirectory(`${ROOT}/${path}`);
    const cursor = () => new ConsumerRegistry(folder.storage, `${ROOT}/t`, "t", 1).consumer("c").cursor(0);
    const [one, other] = [cursor(), cursor()];
    for (const each of [one, other]) each.acknowledge({ nextId: 5, time: 0 });
    one.acknowledge({ nextId: 7, time: 0 });
    let calls = 0;
    folder.before = () => {
      if (calls++ === moment) throw new StorageError("EMFILE", "Cannot do it: simulated");
    };
    try {
      other.seek({ nextId: 2, time: 0 });
      isOver = true;
    } catch (error) {
      assert(error instanceof StorageError && error.errno === "EMFILE", String(error));
    }
    folder.before = () => {};
    positions.add(cursor().read()!.nextId);
    one.acknowledge({ nextId: 9, time: 0 });
    assertEquals(cursor().read()?.nextId, 9, `call ${moment} failed`);
    for (const each of [one, other]) each.close();
  }
  assertEquals([...positions].sort(), [2, 7]);
});

test("a removal that is withdrawn is not reported to a consumer that met it", async () => {
  const folder = new SimulatedFolder();
  const { storage } = folder;
  await using driver = Driver.from(new FilesDriver({ root_path: ROOT }, storage));
  await driver.createTopic("t", { segment_bytes: 4096 });
  await using topic = await driver.openTopic("t");
  await using producer = topic.producer();
  for (let n = 0; n < 4; n++) await producer.push({ n, text: "x".repeat(4096) });
  await topic.seekConsumer("c", { id: 1 });
  const log = `${ROOT}/t/partitions/00000000`;
  // A process begins to remove all events but the last one, and a writer notes that its segment needs the one before.
  storage.publish(`${log}/${firstName(3, 0)}`, new Uint8Array(0));
  await using consumer = topic.consumer("c");
  await consumer.ready();
  storage.publish(`${log}/${needsName(3, 2)}`, new Uint8Array(0));
  assertEquals([(await consumer.pull()).id, (await consumer.pull()).id], [1, 2]);
  // Without that note it is one.
  storage.remove(`${log}/${needsName(3, 2)}`);
  await consumer.seek({ id: 2 });
  const { id, firstId } = await assertRejects(() => consumer.pull(), EventGoneError);
  assertEquals([id, firstId, (await consumer.pull()).id], [2, 3, 3]);
});
