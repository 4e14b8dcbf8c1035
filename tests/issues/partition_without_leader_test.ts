// While one partition had no leader, everything stopped: pushes to the others failed or stalled, a group
// stalled for 48 seconds, looking up topics took 29 seconds, and `describe` and `lag` did not answer. The
// client discards an answer if one partition has an error, although the error contains the answer, and its
// sends to all partitions end together.
import { assert, assertEquals, assertLess, assertRejects, assertStringIncludes } from "@std/assert";
import { Buffer } from "node:buffer";
import { BrokerError } from "../../src/errors.ts";
import type { ClientProducer } from "../../src/drivers/kafka/client.ts";
import { Cluster } from "../../src/drivers/kafka/client/cluster.ts";
import { findTopic } from "../../src/drivers/kafka/client/metadata.ts";
import { Offsets } from "../../src/drivers/kafka/offsets/offsets.ts";
import { PartitionDelivery } from "../../src/drivers/kafka/produce/partition_delivery.ts";
import { RecordBatch, recordsOf } from "../../src/drivers/kafka/format/record_batch.ts";
import { readSettings } from "../../src/drivers/kafka/settings/settings.ts";
import { FakeBroker, LEADER_NOT_AVAILABLE, TOPIC_ID, UNKNOWN_TOPIC } from "../drivers/kafka/fake_broker.ts";
import { test } from "../harness.ts";

const TOPIC = { name: "t", kafkaName: "t", id: TOPIC_ID };
const DELIVERY_MS = 1500;
/** A moment on a busy machine; it took half a minute. */
const PROMPT_MS = 10_000;

interface Rig extends AsyncDisposable {
  broker: FakeBroker;
  cluster: Cluster;
  client: ClientProducer;
  sender(partition: number): PartitionDelivery;
}

async function rig(partitions: number): Promise<Rig> {
  const broker = await FakeBroker.start(partitions);
  const cluster = await Cluster.connect(readSettings({
    "bootstrap.servers": broker.address,
    "message.timeout.ms": DELIVERY_MS,
    "retry.backoff.ms": 20,
    "retry.backoff.max.ms": 100,
  }));
  const client = cluster.producer();
  return {
    broker,
    cluster,
    client,
    sender: (partition) => new PartitionDelivery({ cluster, client, topic: TOPIC, partition }),
    async [Symbol.asyncDispose]() {
      await client.close(true);
      await cluster.close();
      await broker[Symbol.asyncDispose]();
    },
  };
}

function events(count: number): RecordBatch {
  return RecordBatch.encode([recordsOf(Array.from({ length: count }, (_, n) => Buffer.from(`event ${n}`)))]);
}

test("a topic with a leaderless partition is found at once, with the other leaders", async () => {
  await using all = await rig(3);
  const { broker, cluster } = all;
  broker.orphan(1);
  const beganMs = performance.now();
  const found = await findTopic(cluster, "t");
  assertLess(performance.now() - beganMs, PROMPT_MS);
  assertEquals(found?.numPartitions, 3);
  assertEquals(found?.replicationFactor, 1);
  assertEquals(found?.leaders.map((leader) => leader?.id), [1, undefined, 1]);
});

test("a missing topic, or one with another error, is not treated as leaderless", async () => {
  await using all = await rig(2);
  const { broker, cluster } = all;
  broker.topicError = UNKNOWN_TOPIC;
  assertEquals(await findTopic(cluster, "t"), undefined);
  broker.topicError = 29;
  const refused = await assertRejects(() => findTopic(cluster, "t"), BrokerError);
  assertEquals(refused.reason, "TOPIC_AUTHORIZATION_FAILED");
});

test("the ends of the other partitions are returned soon, and the leaderless one is named", async () => {
  await using all = await rig(4);
  const { broker, cluster } = all;
  broker.orphan(1);
  // Its broker is gone, and the cluster has not noticed.
  broker.partitions[2].leader = 2;
  const offsets = new Offsets(cluster, "t");
  const beganMs = performance.now();
  const { found, faults } = await offsets.listKnown([0, 1, 2, 3], "latest");
  assertLess(performance.now() - beganMs, PROMPT_MS);
  assertEquals([...found.keys()].sort(), [0, 3]);
  assertEquals([...faults.keys()].sort(), [1, 2]);
  assertStringIncludes(faults.get(1)!.message, "partition 1 has no leader");
});

test("a leader about to be elected is awaited where its response is needed", async () => {
  await using all = await rig(2);
  const { broker, cluster } = all;
  broker.orphan(1);
  const listing = new Offsets(cluster, "t").resolve([0, 1], "latest");
  await new Promise((resolve) => setTimeout(resolve, 1000));
  Object.assign(broker.partitions[1], { leader: 1, error: 0 });
  assertEquals([...await listing].sort(), [[0, 100], [1, 100]]);
});

// A leader that was gone only after it had been waited for in vain was not replaced in time: none was waited for.
test("a leader about to be elected is awaited, too, where the old one was asked for long", async () => {
  await using all = await rig(2);
  const { broker, cluster } = all;
  // Its broker is gone, and the cluster has not noticed: nothing listens at its address.
  broker.otherPort = 1;
  broker.partitions[1].leader = 2;
  const listing = new Offsets(cluster, "t").resolve([0, 1], "latest");
  await new Promise((resolve) => setTimeout(resolve, 2500));
  broker.orphan(1);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  Object.assign(broker.partitions[1], { leader: 1, error: 0 });
  assertEquals([...await listing].sort(), [[0, 100], [1, 100]]);
});

test("events for a leaderless partition fail alone after their own timeout, naming the partition", async () => {
  let tookMs = Infinity;
  // A busy machine may stop for as long.
  for (let tries = 0; tries < 4 && tookMs >= DELIVERY_MS; tries++) tookMs = await sendBesideLeaderless();
  assertLess(tookMs, DELIVERY_MS);
});

/** How long the events for the other partitions took. */
async function sendBesideLeaderless(): Promise<number> {
  await using all = await rig(3);
  const { broker, sender } = all;
  broker.orphan(1);
  const beganMs = performance.now();
  const failed = assertRejects(() => sender(1).send(events(3)), BrokerError);
  const healthy = sender(0);
  for (let n = 0; n < 5; n++) assertEquals(await healthy.send(events(10)), 100 + 10 * n);
  assertEquals(await sender(2).send(events(1)), 100);
  const tookMs = performance.now() - beganMs;
  const error = await failed;
  assertStringIncludes(error.message, `"t" partition 1: partition 1 has no leader`);
  assertStringIncludes(error.message, "no broker that has it is running with a disk that works");
  assertEquals(error.reason, "LEADER_NOT_AVAILABLE");
  assert(error.canRetry);
  assertEquals(await healthy.send(events(1)), 150);
  return tookMs;
}

test("a batch is stored once, under one sequence number, however often it is sent", async () => {
  await using all = await rig(2);
  const { broker, sender } = all;
  broker.outcomes.push("cut", "cut after storing", LEADER_NOT_AVAILABLE, 0);
  const one = sender(0);
  assertEquals(await one.send(events(5)), 100);
  assertEquals(await one.send(events(2)), 105);
  assertEquals(broker.produced.map(({ sequence, count }) => [sequence, count]), [[0, 5], [5, 2]]);
  assertEquals(new Set(broker.produced.map(({ producerId }) => producerId)).size, 1);
});

test("after a failure sequence numbers restart under another producer id, so that a late batch is not mistaken for another", async () => {
  await using all = await rig(2);
  const { broker, sender } = all;
  const one = sender(0);
  await one.send(events(1));
  broker.orphan(0);
  await assertRejects(() => one.send(events(1)), BrokerError);
  Object.assign(broker.partitions[0], { leader: 1, error: 0 });
  assertEquals(await one.send(events(4)), 101);
  const [before, after] = broker.produced;
  assertEquals([before.sequence, after.sequence], [0, 0]);
  assert(before.producerId !== after.producerId);
});
