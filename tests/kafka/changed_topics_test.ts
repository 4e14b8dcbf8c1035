// Operators change topics that are in use: they add partitions, or delete a topic and create it again.
import { assertEquals, assertRejects } from "@std/assert";
import { Admin } from "@platformatic/kafka";
import { Driver, type Event, type Topic, TopicDeletedError } from "../../mod.ts";
import { brokerMissing, Cluster } from "../../tools/kafka/broker.ts";
import { test } from "../harness.ts";
import { placeOf, Reading, until } from "./traffic.ts";

const cluster = brokerMissing === false ? await Cluster.start() : undefined;
const skip = brokerMissing;

function open(metadataMs = 300_000): Promise<Driver> {
  return Driver.open("octopus", {
    kafka: {
      "bootstrap.servers": cluster!.servers,
      "heartbeat.interval.ms": 200,
      "metadata.max.age.ms": metadataMs,
    },
  });
}

async function push(topic: Topic, partitions: readonly number[], count: number): Promise<void> {
  await using producer = topic.producer();
  for (let n = 0; n < count; n++) {
    for (const partition of partitions) producer.push(n, undefined, { partition });
  }
  await producer.flush();
}

async function addPartition(topic: string, count: number): Promise<void> {
  const admin = new Admin({ clientId: "test", bootstrapBrokers: cluster!.servers.split(",") });
  try {
    await admin.createPartitions({ topics: [{ name: topic, count, assignments: [{ brokerIds: [1] }] }] });
  } finally {
    await admin.close();
  }
}

test(
  "kafka: events of a partition that is added to an open topic are read from the first one on",
  { skip },
  async () => {
    await using driver = await open(1000);
    await driver.createTopic("grown", { num_partitions: 1 });
    await using topic = await driver.openTopic("grown");
    await push(topic, [0], 50);
    await using group = new Reading(topic, "group");
    await using lone = new Reading(topic, "lone", { group: false });
    await using late = new Reading(topic, "late", { from: "latest" });
    await until("all are read", () => group.seen.size === 50 && lone.seen.size === 50);
    await until("the late one is open", () => late.isOpen);

    await addPartition("grown", 2);
    await using other = await open();
    let again = await other.openTopic("grown");
    while (again.partitions.length < 2) {
      await again.close();
      again = await other.openTopic("grown");
    }
    await push(again, [0, 1], 30);
    await again.close();
    assertEquals((await topic.describe()).map(({ nextId }) => nextId), [80, 30]);
    assertEquals((await topic.lag("none")).map(({ events }) => events), [80, 30]);

    const added = Array.from({ length: 30 }, (_, id) => placeOf(1, id));
    const of = ({ seen }: Reading, partition: number) =>
      [...seen.keys()].filter((place) => place.startsWith(`${partition}:`));
    for (const [reading, before] of [[group, 80], [lone, 80], [late, 30]] as const) {
      await until("the added ones are read", () => reading.seen.size === before + 30, {
        state: () => `(${reading.seen.size})`,
      });
      assertEquals(of(reading, 1), added);
      assertEquals([...reading.seen.values()].filter((times) => times.length > 1), []);
    }
  },
);

test("kafka: an event of a topic that was deleted and made again is not acknowledged in the new one", {
  skip,
}, async () => {
  for (const group of [false, true]) {
    await using driver = await open();
    await using other = await open();
    const name = `again-${group}`;
    await driver.createTopic(name, { num_partitions: 1 });
    await using topic = await driver.openTopic(name);
    await push(topic, [0], 10);
    await using consumer = topic.consumer("reader", { group });
    const held: Event[] = [];
    for await (const event of consumer.events({ until: "end" })) held.push(event);

    await other.deleteTopic(name);
    await other.createTopic(name, { num_partitions: 1 });
    await using again = await other.openTopic(name);
    await push(again, [0], 20);
    await assertRejects(async () => await held[9].acknowledge(), TopicDeletedError);
    assertEquals((await again.lag("reader")).map(({ position, events }) => [position, events]), [[0, 20]]);
  }
});
