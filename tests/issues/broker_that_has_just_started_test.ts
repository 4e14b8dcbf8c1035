// A broker of Kafka 2.8 that has just started does not know its topics for a moment, and says of each that it does
// not exist. Pushes were refused because the topic "was deleted", and readers ended for good.
import { assertEquals } from "@std/assert";
import type { Cluster } from "../../src/drivers/kafka/cluster.ts";
import { isTopicDeleted } from "../../src/drivers/kafka/metadata.ts";
import { test } from "../harness.ts";

/** What a topic is found to be, look after look: its id, or undefined where it is not found. */
async function conclusion(looks: (string | undefined)[]): Promise<{ deleted: boolean; unused: number }> {
  const answers = [...looks];
  const cluster = {
    run: () => {
      const id = answers.shift();
      return Promise.resolve(id === undefined ? undefined : { id });
    },
    pause: () => Promise.resolve(),
  };
  const deleted = await isTopicDeleted(cluster as unknown as Cluster, { kafkaName: "t", id: "first" });
  return { deleted, unused: answers.length };
}

test("a topic that a broker does not know at first is not deleted", async () => {
  assertEquals(await conclusion([undefined, "first"]), { deleted: false, unused: 0 });
  assertEquals(await conclusion([undefined, undefined, "first"]), { deleted: false, unused: 0 });
});

test("a topic that stays unknown is deleted, and so is one in whose place another is found", async () => {
  assertEquals(await conclusion([undefined, undefined, undefined]), { deleted: true, unused: 0 });
  assertEquals(await conclusion(["another", "first"]), { deleted: true, unused: 1 });
  assertEquals(await conclusion([undefined, "another"]), { deleted: true, unused: 0 });
});

test("a topic that is found is not looked for again", async () => {
  assertEquals(await conclusion(["first", "another"]), { deleted: false, unused: 1 });
});
