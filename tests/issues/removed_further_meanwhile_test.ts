// Retention removed segments that a consumer had not read yet, and removed more before the consumer had found where to
// go on: the error named a first event that was gone by then, and the consumer went on after it without a word about
// what lies between.
import { assert, assertEquals, assertGreater, assertRejects } from "@std/assert";
import { Driver, EventGoneError } from "../../mod.ts";
import { FilesDriver } from "../../src/drivers/files/driver.ts";
import { ROOT, SimulatedFolder } from "../drivers/files/simulated_folder.ts";
import { test } from "../harness.ts";

/** A segment for each event. */
const SEGMENT_BYTES = 4096;
const EVENTS = 8;

class Scene {
  readonly folder = new SimulatedFolder();
  readonly driver: Driver = Driver.from(new FilesDriver({ root_path: ROOT }, this.folder.storage));

  async push(): Promise<void> {
    await using topic = await this.driver.openTopic("topic");
    await using producer = topic.producer("app");
    for (let n = 0; n < EVENTS; n++) await producer.push({ n, text: "x".repeat(SEGMENT_BYTES) });
  }
}

/** What a consumer gets: ids of events, and of those that errors say are gone. */
async function read(scene: Scene, onceReady: () => Promise<void>): Promise<string[]> {
  await using topic = await scene.driver.openTopic("topic");
  await using consumer = topic.consumer("reader");
  await consumer.ready();
  await onceReady();
  const got: string[] = [];
  for (;;) {
    try {
      const event = await consumer.pull().wait(0);
      if (event === undefined) return got;
      got.push(`${event.id}`);
    } catch (error) {
      assert(error instanceof EventGoneError, String(error));
      for (let { id } = error; id < error.firstId; id++) got.push(`${id} gone`);
    }
  }
}

test("a consumer learns of all events that were removed before it read them, however many go meanwhile", async () => {
  const found = new Set<string>();
  for (let moment = 0, isOver = false; !isOver; moment++) {
    assert(moment < 1000, "it does not end");
    const scene = new Scene();
    const { driver, folder } = scene;
    await driver.createTopic("topic", { segment_bytes: SEGMENT_BYTES });
    await scene.push();
    const trimmer = await new FilesDriver({ root_path: ROOT }, folder.storage).openTopic("topic");
    const got = await read(scene, async () => {
      await trimmer.trim({ beforeId: 3 });
      let calls = 0;
      isOver = true;
      folder.before = () => {
        if (calls++ !== moment) return;
        isOver = false;
        folder.before = () => {};
        void trimmer.trim({ beforeId: 6 });
      };
    });
    folder.before = () => {};
    assertEquals(got.map((each) => Number.parseInt(each)), [0, 1, 2, 3, 4, 5, 6, 7], `moment ${moment}`);
    found.add(got.join(", "));
    await trimmer.close();
    await driver.close();
  }
  assertGreater(found.size, 3);
});

test("an error about what was removed before a consumer was opened names what is first when it is thrown", async () => {
  const scene = new Scene();
  await scene.driver.createTopic("topic", { segment_bytes: SEGMENT_BYTES });
  await scene.push();
  await using topic = await scene.driver.openTopic("topic");
  await topic.seekConsumer("reader", { id: 1 });
  await topic.trim({ beforeId: 3 });
  await using consumer = topic.consumer("reader");
  await consumer.ready();
  await topic.trim({ beforeId: 6 });
  const gone = await assertRejects(() => consumer.pull(), EventGoneError);
  assertEquals([gone.id, gone.firstId, (await consumer.pull()).id], [1, 6, 6]);
  await scene.driver.close();
});
