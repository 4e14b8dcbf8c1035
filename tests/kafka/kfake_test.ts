// The driver with another implementation of the protocol, many of whose answers differ from Apache's.
import { assert, assertEquals } from "@std/assert";
import { Driver, FullDataSelector } from "../../mod.ts";
import { test } from "../harness.ts";
import { Kfake, kfakeMissing } from "./kfake.ts";

const skip = kfakeMissing;

function open(kfake: Kfake): Promise<Driver> {
  return Driver.open("octopus", {
    kafka: { "bootstrap.servers": kfake.address, "heartbeat.interval.ms": 200, "session.timeout.ms": 6000 },
  });
}

test("kfake: topics are created, filled, read by a group, described and deleted", { skip }, async () => {
  await using kfake = await Kfake.start();
  await using driver = await open(kfake);
  await driver.createTopic("t", { num_partitions: 3, replication_factor: 1 });
  assertEquals([...(await driver.listTopics()).keys()], ["t"]);
  {
    await using topic = await driver.openTopic("t");
    await using producer = topic.producer();
    for (let n = 0; n < 300; n++) producer.push({ n }, new Uint8Array([n]), { partition: n % 3 });
    await producer.flush();
    await using consumer = topic.consumer("readers", { dataSelector: FullDataSelector });
    const seen: number[] = [];
    for await (const event of consumer.events({ until: "end" })) {
      assertEquals([...event.data!], [(event.metadata as { n: number }).n % 256]);
      seen.push((event.metadata as { n: number }).n);
      if (event.id === 99) await event.acknowledge();
    }
    assertEquals(seen.sort((one, other) => one - other), Array.from({ length: 300 }, (_, n) => n));
    assertEquals((await topic.lag("readers")).map(({ events }) => events), [0, 0, 0]);
    assertEquals((await topic.describe()).map(({ nextId, fault }) => [nextId, fault]), [
      [100, undefined],
      [100, undefined],
      [100, undefined],
    ]);
  }
  await driver.deleteTopic("t");
  assertEquals(await driver.topicExists("t"), false);
});

test(
  "kfake: a new consumer of chosen partitions starts at the right position, and stores it",
  {
    skip,
  },
  async () => {
    await using kfake = await Kfake.start();
    await using driver = await open(kfake);
    await driver.createTopic("t", { num_partitions: 2, replication_factor: 1 });
    await using topic = await driver.openTopic("t");
    await using producer = topic.producer();
    for (let n = 0; n < 10; n++) producer.push(n, undefined, { partition: 1 });
    await producer.flush();
    await using consumer = topic.consumer("chosen", { partitions: [1] });
    const event = await consumer.pull().wait(10_000);
    assertEquals(event?.metadata, 0);
    await event!.acknowledge();
    assertEquals((await topic.lag("chosen"))[1].position, 1);
    assert((await topic.consumers()).includes("chosen"));
  },
);
