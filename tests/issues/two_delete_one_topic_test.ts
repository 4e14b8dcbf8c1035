// Two processes delete one topic, and one of them creates it again, at every moment of the other's call. One
// found that the folder was gone while it searched it for another program's files, and its `deleteTopic` failed
// with ENOENT. The outcome of a call must match what happened to the topic: it was deleted, or did not exist.
import { assert, assertEquals } from "@std/assert";
import { FilesDriver } from "../../src/drivers/files/driver.ts";
import { TopicNotFoundError } from "../../src/errors.ts";
import { test } from "../harness.ts";
import { SimulatedDisk } from "../simulation/disk/disk.ts";
import { SimulatedProcess } from "../simulation/disk/process.ts";
import { interruptOnce } from "../simulation/interrupt_once.ts";

const DEFINITION = {
  options: { num_partitions: 1 },
  validator: { type: "default" },
  partitionSelector: { type: "default" },
  serializer: { type: "default" },
};

const OTHERS: Record<string, (other: FilesDriver) => Promise<void>[]> = {
  "deletes it": (other) => [other.deleteTopic("topic")],
  "deletes it and makes it anew": (other) => [
    other.deleteTopic("topic"),
    other.createTopic("topic", DEFINITION),
  ],
};

for (const [what, act] of Object.entries(OTHERS)) {
  test(`a topic is deleted while another process ${what}, at every call`, async () => {
    for (let moment = 0, isLast = false; !isLast; moment++) {
      const disk = new SimulatedDisk(1);
      new SimulatedProcess(disk).makeDirectory("/store");
      const open = () => new FilesDriver({ root_path: "/store" }, new SimulatedProcess(disk));
      await open().createTopic("topic", DEFINITION);
      let others: Promise<void>[] = [];
      const end = interruptOnce(disk, moment, () => {
        others = act(open());
        others.forEach((done) => done.catch(() => {}));
      });
      const outcome = await open().deleteTopic("topic").then(() => "deleted", (error) => {
        assert(error instanceof TopicNotFoundError, `at call ${moment}: ${error.message}`);
        return "missing";
      });
      isLast = !end();
      const results = await Promise.allSettled(others);
      for (const result of results) {
        if (result.status === "rejected") {
          assert(result.reason instanceof TopicNotFoundError, String(result.reason));
        }
      }
      const isDeleted = outcome === "deleted" || results[0]?.status === "fulfilled";
      assert(isLast || isDeleted, `at call ${moment} neither deleted it`);
      if (await open().topicExists("topic")) await open().deleteTopic("topic");
      assertEquals(await open().topicExists("topic"), false);
    }
  });
}

// The list of topics failed with ENOENT if a topic whose document could not be read was deleted just then: its folder was
// there, and gone when its partitions were counted. The simulation found it, seed 1005.
test("topics are listed while another process deletes an unreadable one, at every call", async () => {
  for (let moment = 0, isLast = false; !isLast; moment++) {
    const disk = new SimulatedDisk(1);
    const setup = new SimulatedProcess(disk);
    setup.makeDirectory("/store");
    const open = () => new FilesDriver({ root_path: "/store" }, new SimulatedProcess(disk));
    for (const name of ["other", "topic"]) await open().createTopic(name, DEFINITION);
    setup.replace("/store/topic/topic.json", new TextEncoder().encode("{"));
    const end = interruptOnce(disk, moment, () => new SimulatedProcess(disk).removeTree("/store/topic"));
    const topics = await open().listTopics();
    isLast = !end();
    assert(topics.has("other"), `at call ${moment}`);
    assertEquals(
      topics.has("topic"),
      isLast || topics.get("topic")?.fault !== undefined,
      `at call ${moment}`,
    );
  }
});
