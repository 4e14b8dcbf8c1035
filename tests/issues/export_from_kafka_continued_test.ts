// An export to C++ files that was interrupted looks whether its last event is still in the topic. It asked for it by a
// pull that does not wait, which gets nothing from Kafka before something was fetched. So such an export of a topic in
// Kafka could not be continued: its last event "has changed".
import { assertEquals, assertRejects } from "@std/assert";
import type { Topic } from "../../mod.ts";
import { exportCppFiles } from "../../src/cpp_files/mod.ts";
import { withPlace } from "../cpp_files/sample.ts";
import { test } from "../harness.ts";

/** As with a remote engine, pulls that do not wait get nothing. */
function asRemote(topic: Topic): Topic {
  const open = topic.consumer.bind(topic);
  topic.consumer = (...given) => {
    const consumer = open(...given);
    const pull = consumer.pull.bind(consumer);
    consumer.pull = () => {
      const pulled = pull();
      const wait = pulled.wait.bind(pulled);
      pulled.wait = (ms, options) => ms === 0 ? Promise.resolve(undefined) : wait(ms, options);
      return pulled;
    };
    return consumer;
  };
  return topic;
}

test("an interrupted export of a topic that a remote engine holds is continued", async () => {
  await withPlace(async ({ driver, cppRoot }) => {
    await driver.createTopic("t", { num_partitions: 1 });
    await using topic = asRemote(await driver.openTopic("t"));
    await using producer = topic.producer();
    for (let n = 0; n < 3000; n++) producer.push({ n });
    await producer.flush();
    const controller = new AbortController();
    const { signal } = controller;
    const request = { topic, rootPath: cppRoot };
    await assertRejects(() => exportCppFiles({ ...request, signal, onProgress: () => controller.abort() }));
    const { events, partitions } = await exportCppFiles(request);
    assertEquals([events, partitions[0]!.resumedEvents > 0], [3000, true]);
  });
});
