// Operators change the settings of a topic while producers and consumers of it are open.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Admin } from "@platformatic/kafka";
import { BrokerError, Driver, LimitExceededError } from "../../mod.ts";
import { brokerMissing, Cluster } from "../../tools/kafka/broker.ts";
import { test } from "../harness.ts";
import { placeOf, Reading } from "./traffic.ts";

const TOPIC = "t";
const SET = 0;
const TOPIC_RESOURCE = 2;
const PAD = "x".repeat(400);

test("kafka: settings of an open topic may change, and events stay whole and in order", {
  skip: brokerMissing,
}, async () => {
  await using cluster = await Cluster.start();
  const options = { kafka: { "bootstrap.servers": cluster.servers, "heartbeat.interval.ms": 200 } };
  await using operator = await Driver.open("octopus", options);
  await operator.createTopic(TOPIC, { num_partitions: 2 });
  await using administered = await operator.openTopic(TOPIC);
  await using driver = await Driver.open("octopus", options);
  await using topic = await driver.openTopic(TOPIC);
  await using producer = topic.producer();
  await using group = new Reading(topic, "group");
  await using lone = new Reading(topic, "lone", { group: false });
  const stored = new Map<string, number>();
  let pushes = 0;
  const push = async (partition: number, pad = PAD): Promise<void> => {
    const n = pushes++;
    const id = await producer.push(n, new TextEncoder().encode(pad), { partition });
    stored.set(placeOf(partition, id), n);
  };
  const pushSome = () => Promise.all(Array.from({ length: 40 }, (_, n) => push(n % 2)));
  const change = (settings: Record<string, string | number>) => administered.edit({ kafka: settings });
  await pushSome();

  // Batches that are too large now are split, and only an event that is too large by itself is refused.
  await change({ "max.message.bytes": 2000 });
  await pushSome();
  const [, refused] = await Promise.allSettled([push(0), push(0, PAD.repeat(10)), push(0), push(1)]);
  assert(refused.status === "rejected" && refused.reason instanceof LimitExceededError);
  await change({ "max.message.bytes": 1_048_576 });
  await push(0, PAD.repeat(10));

  for (const codec of ["gzip", "snappy", "lz4", "producer"]) {
    await change({ "compression.type": codec });
    await pushSome();
  }

  // The brokers' clock counts from now on.
  await change({ "message.timestamp.type": "LogAppendTime" });
  await pushSome();

  // Our events have no keys, which compacted topics require.
  const admin = new Admin({ clientId: "test", bootstrapBrokers: cluster.servers.split(",") });
  const setPolicy = async (value: string): Promise<void> => {
    await admin.incrementalAlterConfigs({
      resources: [{
        resourceType: TOPIC_RESOURCE,
        resourceName: TOPIC,
        configs: [{ name: "cleanup.policy", value, configOperation: SET }],
      }],
    });
  };
  try {
    await setPolicy("compact");
    const error = await assertRejects(async () => {
      for (;;) await push(1);
    }, BrokerError);
    assertEquals([error.reason, error.canRetry], ["INVALID_RECORD", false]);
    await setPolicy("delete");
    for (let isStored = false; !isStored;) isStored = await push(1).then(() => true, () => false);
  } finally {
    await admin.close();
  }
  await pushSome();

  for (const reading of [group, lone]) {
    await reading.seesAll(stored);
    await reading.stop();
    assertEquals([...reading.seen.values()].filter((times) => times.length > 1), []);
  }
  for (const partition of [0, 1]) {
    const values = Array.from(stored).filter(([place]) => place.startsWith(`${partition}:`))
      .map(([place, n]) => [Number(place.slice(2)), n]).sort(([one], [other]) => one - other);
    assertEquals(values.map(([id]) => id), values.map((_, index) => index));
    assertEquals(values.map(([, n]) => n), values.map(([, n]) => n).sort((one, other) => one - other));
  }
});
