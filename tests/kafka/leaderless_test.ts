// One partition whose only broker is down: the others keep working, and answers name the partition.
import {
  assert,
  assertEquals,
  assertGreaterOrEqual,
  assertLess,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { Admin, type ClusterPartitionMetadata } from "@platformatic/kafka";
import { BackpressureError, BrokerError, DiasporaError, Driver, type Topic } from "../../mod.ts";
import { test } from "../harness.ts";
import { type Broker, brokerMissing, Cluster } from "../../tools/kafka/broker.ts";
import { placeOf, Reading, sleep, until } from "./traffic.ts";

const skip = brokerMissing;
const PARTITIONS = [0, 1, 2];
/** How long pushes are retried. */
const DELIVERY_MS = 8000;
/** What takes a second took half a minute before; machines may be busy. */
const PROMPT_MS = 8000;

function open(cluster: Cluster): Promise<Driver> {
  return Driver.open("octopus", {
    kafka: {
      "bootstrap.servers": cluster.servers,
      "message.timeout.ms": DELIVERY_MS,
      "heartbeat.interval.ms": 500,
      "session.timeout.ms": 6000,
    },
  });
}

/** What the cluster says about the partitions of a topic. */
async function placesOf(cluster: Cluster, topic: string): Promise<ClusterPartitionMetadata[]> {
  const admin = new Admin({ clientId: "test", bootstrapBrokers: cluster.servers.split(",") });
  try {
    return (await admin.metadata({ topics: [topic] })).topics.get(topic)!.partitions;
  } finally {
    await admin.close();
  }
}

/** The only broker that has a partition. */
async function brokerOf(cluster: Cluster, topic: string, partition: number): Promise<Broker> {
  return cluster.brokers[(await placesOf(cluster, topic))[partition].leader - 1];
}

/** The result of a call, and how long it took. */
async function timed<T>(doing: () => Promise<T>): Promise<{ result: T; ms: number }> {
  const beganMs = performance.now();
  const result = await doing();
  return { result, ms: performance.now() - beganMs };
}

async function pushEach(topic: Topic, partitions: readonly number[], count: number): Promise<void> {
  await using producer = topic.producer();
  for (let n = 0; n < count; n++) {
    for (const partition of partitions) producer.push(n, undefined, { partition });
  }
  await producer.flush();
}

test(
  "kafka: while one partition has no leader, the others continue, and it returns with its events",
  { skip, limitMs: 300_000 },
  async () => {
    await using cluster = await Cluster.start({
      brokers: 3,
      // A busy machine must not make the other brokers look as if they were down.
      properties: { "broker.session.timeout.ms": "6000" },
    });
    await using driver = await open(cluster);
    await driver.createTopic("t", { num_partitions: 3, replication_factor: 1, disable_info_topic: true });
    await driver.createTopic("documented", { num_partitions: 1, replication_factor: 1 });
    await using topic = await driver.openTopic("t");
    await pushEach(topic, PARTITIONS, 100);
    const lost = 1;
    const healthy = [0, 2];
    const broker = await brokerOf(cluster, "t", lost);
    await using reading = new Reading(topic, "reader");
    const read = (partition: number): number =>
      [...reading.seen.keys()].filter((place) => place.startsWith(`${partition}:`)).length;
    await until("everything read", () => PARTITIONS.every((partition) => read(partition) === 100));

    await broker.kill();
    const deadline = Date.now() + 40_000;
    while ((await topic.describe())[lost].fault?.includes("has no leader") !== true) {
      assertLess(Date.now(), deadline, "the cluster did not notice");
      await sleep(200);
    }

    // Administration.
    const described = await timed(() => topic.describe());
    assertLess(described.ms, PROMPT_MS);
    assertStringIncludes(described.result[lost].fault!, `partition ${lost} has no leader`);
    for (const partition of healthy) {
      assertEquals(described.result[partition].fault, undefined);
      assertEquals(described.result[partition].nextId, 100);
    }
    const lag = await timed(() => topic.lag("reader"));
    assertLess(lag.ms, PROMPT_MS);
    assertStringIncludes(lag.result[lost].fault!, `partition ${lost} has no leader`);
    assertEquals(lag.result.map(({ fault }) => fault === undefined), PARTITIONS.map((one) => one !== lost));
    const listed = await timed(() => driver.listTopics());
    assertLess(listed.ms, PROMPT_MS);
    assertEquals(listed.result.get("t")?.numPartitions, 3);
    assert(listed.result.has("documented"));
    assertLess((await timed(() => driver.topicExists("t"))).ms, PROMPT_MS);
    // Its documents are on all brokers, however few have its events.
    assertEquals((await placesOf(cluster, "__info_documented"))[0].replicas.length, 3);
    await (await driver.openTopic("documented")).close();
    const opened = await timed(() => driver.openTopic("t"));
    assertLess(opened.ms, PROMPT_MS);
    await opened.result.close();
    const trimmed = await assertRejects(() => topic.trim({ beforeId: 10 }), BrokerError, `partition ${lost}`);
    assertStringIncludes(trimmed.message, 'Cannot trim topic "t", so nothing is trimmed');
    assertEquals(trimmed.reason, "LEADER_NOT_AVAILABLE");
    assert(trimmed.canRetry);
    const others = await topic.trim({ beforeId: 10, partitions: healthy, dryRun: true });
    assertEquals(others.map(({ firstId }) => firstId), [10, 10]);
    // It took half a minute, as the others had.
    const sought = await timed(() =>
      assertRejects(() => topic.seekConsumer("sought", "latest"), BrokerError, `partition ${lost}`)
    );
    assertLess(sought.ms, PROMPT_MS);
    assertEquals((await topic.lag("sought")).filter(({ acknowledged }) => acknowledged), []);

    // Pushes, and the group.
    await using producer = topic.producer();
    const doomed = timed(() =>
      assertRejects(() => producer.push(-1, undefined, { partition: lost }), BrokerError)
    );
    // One that fills its slots with the lost partition goes on with the others, and what waits fails in time.
    await using crowded = topic.producer("", { batchSize: 1, maxNumBatches: 2, maxPendingBytes: 2048 });
    const failures: Promise<unknown>[] = [];
    const crowd = timed(async () => {
      const futures = [];
      for (let n = 0; n < 30; n++) {
        await crowded.ready();
        const failing = crowded.push(-1, undefined, { partition: lost });
        failures.push(assertRejects(async () => await failing, DiasporaError));
        futures.push(crowded.push(n, undefined, { partition: healthy[0] }));
      }
      await Promise.all(futures);
    });
    const pushed = await timed(async () => {
      const futures = [];
      for (let n = 0; n < 300; n++) {
        for (const partition of healthy) futures.push(producer.push(n, undefined, { partition }));
        if (n % 100 === 99) await Promise.all(futures);
      }
      await Promise.all(futures);
    });
    assertLess(pushed.ms, DELIVERY_MS);
    assertLess((await crowd).ms, DELIVERY_MS);
    const failed = await timed(() => Promise.all(failures));
    assertLess(failed.ms, 2 * DELIVERY_MS - 1000);
    assert(failed.result.some((error) => error instanceof BackpressureError));
    assert(failed.result.some((error) => error instanceof BrokerError));
    await until(
      "what was pushed meanwhile is read",
      () => healthy.every((one) => read(one) === (one === healthy[0] ? 430 : 400)),
      {
        msMax: 30_000,
      },
    );
    const { result: error, ms } = await doomed;
    assertStringIncludes(error.message, `partition ${lost}`);
    assertEquals(error.reason, "LEADER_NOT_AVAILABLE");
    assert(error.canRetry);
    assertGreaterOrEqual(ms, DELIVERY_MS - 100);

    // New consumers, of all and of chosen partitions.
    const chosen = topic.consumer("chosen", { partitions: healthy });
    const found: string[] = [];
    for await (const event of chosen.events({ until: "end" })) found.push(placeOf(event.partition, event.id));
    await chosen.close();
    assertEquals(found.length, 830);
    await using late = topic.consumer("late", { partitions: [...PARTITIONS] });
    const seen: string[] = [];
    const ended = await assertRejects(async () => {
      for await (const event of late.events({ until: "end" })) seen.push(placeOf(event.partition, event.id));
    }, BrokerError);
    assertEquals(seen.length, 830);
    assertStringIncludes(ended.message, `partition ${lost}`);

    // The broker is up again: a program that seeks waits for it, as its reads do.
    await using patient = topic.consumer("patient", { partitions: [...PARTITIONS] });
    await patient.ready();
    const seeking = patient.seek("latest");
    await sleep(3000);
    await broker.start();
    await seeking;
    await pushEach(topic, PARTITIONS, 50);
    await until(
      "the partition is read on",
      () => read(lost) === 150 && healthy.every((one) => read(one) === (one === healthy[0] ? 480 : 450)),
    );
    for await (const event of late.events({ until: "end" })) seen.push(placeOf(event.partition, event.id));
    assertEquals(seen.length, 1080);
    assertEquals(new Set(seen).size, seen.length);
    for (const partition of PARTITIONS) {
      const ids = seen.filter((place) => place.startsWith(`${partition}:`)).map((place) =>
        Number(place.slice(2))
      );
      assertEquals(ids, ids.map((_, index) => index));
    }
    await reading.stop();
    assertEquals([...reading.seen.values()].filter((times) => times.length > 1), []);
    assertEquals((await topic.describe()).map(({ fault }) => fault), [undefined, undefined, undefined]);
  },
);
