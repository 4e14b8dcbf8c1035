// What can be asked once for all partitions was asked again and again: describing a topic asked for its metadata four
// times (a tenth of a MB each with 1,000 partitions), a producer asked for an id for each partition, a filter on the
// page opened the consumers of all partitions one after the other, and `lag` looked at the next event of one partition
// after the other, and for its leader each time. Of many pushes to one broker only five were on their way at once: over a
// network with 50 ms of delay, 64 partitions waited 13 times for it.
import { assertEquals, assertNotEquals } from "@std/assert";
import type { Admin } from "../../src/drivers/kafka/client.ts";
import { Cluster } from "../../src/drivers/kafka/client/cluster.ts";
import { describePartitions } from "../../src/drivers/kafka/admin/describe.ts";
import { HighWatermarks } from "../../src/drivers/kafka/offsets/known_partitions.ts";
import { Offsets } from "../../src/drivers/kafka/offsets/offsets.ts";
import { KafkaProducer } from "../../src/drivers/kafka/produce/producer.ts";
import { formatOf } from "../../src/drivers/kafka/format/record.ts";
import { RawReader } from "../../src/drivers/kafka/fetch/raw_reader.ts";
import { readSettings } from "../../src/drivers/kafka/settings/settings.ts";
import { scan } from "../../src/ui/merged_scan.ts";
import type { Part } from "../../src/ui/merged_part.ts";
import { FakeBroker, TOPIC_ID } from "../drivers/kafka/fake_broker.ts";
import { test } from "../harness.ts";

const MANY = 1000;

function producerAt(cluster: Cluster): KafkaProducer {
  return new KafkaProducer({
    cluster,
    name: "t",
    kafkaName: "t",
    id: TOPIC_ID,
    format: formatOf("default"),
    highWatermarks: new HighWatermarks(),
    batchBytesMax: undefined,
  });
}

test("describing a topic asks for its metadata once, and again the next time", async () => {
  const asked: string[] = [];
  const partitions = Array.from({ length: MANY }, (_, partition) => partition);
  const admin = {
    metadata: ({ topics }: { topics: string[] }) => {
      asked.push(`metadata of "${topics}"`);
      const found = {
        id: TOPIC_ID,
        partitionsCount: MANY,
        partitions: partitions.map(() => ({ leader: 1, replicas: [1] })),
      };
      return Promise.resolve({
        brokers: new Map([[1, { host: "a", port: 1 }]]),
        topics: new Map([["t", found]]),
      });
    },
  } as unknown as Admin;
  const cluster = {
    servers: "a",
    run: (_what: string, operation: (admin: Admin) => unknown) => Promise.resolve(operation(admin)),
    within: (_ms: number, awaited: Promise<unknown>) => awaited,
    requestAdmin: (_broker: unknown, { name }: { name: string }) => {
      asked.push(name);
      return Promise.resolve(
        name === "DescribeLogDirs" ? { results: [] } : {
          topics: [{
            partitions: partitions.map((partitionIndex) => ({
              partitionIndex,
              errorCode: 0,
              offset: 7n,
              timestamp: 1n,
            })),
          }],
        },
      );
    },
  } as unknown as Cluster;
  const offsets = new Offsets(cluster, "t");
  for (let time = 0; time < 2; time++) {
    const described = await describePartitions(cluster, offsets, "t", { partitions, endOf: () => 0 });
    assertEquals(described.length, MANY);
    assertEquals(described[MANY - 1].nextId, 7);
    assertEquals(asked.splice(0).sort(), [
      "DescribeLogDirs",
      ...Array.from({ length: 4 }, () => "ListOffsets"),
      'metadata of ""',
      'metadata of "t"',
    ]);
  }
});

test("the next events of all partitions are asked for at once, and the leaders once for all of them", async () => {
  let looks = 0;
  let requests = 0;
  const partitions = Array.from({ length: MANY }, () => ({ leader: 1 }));
  const client = {
    metadata: () => {
      looks++;
      const topics = new Map([["t", { id: TOPIC_ID, partitions }]]);
      return Promise.resolve({ brokers: new Map([[1, { host: "a", port: 1 }]]), topics });
    },
  };
  let answer = () => {};
  const allAsked = new Promise<void>((resolve) => answer = resolve);
  const cluster = {
    ask: (_what: string, operation: () => unknown) => operation(),
    consumer: () => client,
    settings: { fetch: { bytesMax: 1000 } },
    // No answer comes before the last question.
    request: async () => {
      if (++requests === MANY) answer();
      await allAsked;
      const records = [{ offsetDelta: 0, timestampDelta: 0n }];
      const batch = { firstOffset: 3n, lastOffsetDelta: 0, attributes: 0, firstTimestamp: 5n, records };
      return { responses: [{ partitions: [{ highWatermark: 4n, records: [batch] }] }] };
    },
  };
  const reader = new RawReader(cluster as unknown as Cluster);
  const request = { kafkaName: "t", offset: 3, recordsMax: 1, onlyTimes: true };
  const found = await Promise.all(partitions.map((_, partition) => reader.read({ ...request, partition })));
  assertEquals(new Set(found.map(([{ offset, timestamp }]) => `${offset} ${timestamp}`)), new Set(["3 5"]));
  assertEquals([looks, requests], [1, MANY]);
});

test(
  "pushes to the partitions of a broker do not wait for each other's answers",
  { limitMs: 20_000 },
  async () => {
    await using broker = await FakeBroker.start(16);
    broker.answeredTogether = 16;
    const cluster = await Cluster.connect(readSettings({ "bootstrap.servers": broker.address }));
    try {
      const producer = producerAt(cluster);
      const pushes = broker.partitions.map((_, partition) =>
        producer.append(partition, { count: 1, metadata: ["{}"], dataBytes: 0 })
      );
      assertEquals(new Set(await Promise.all(pushes)), new Set([100]));
      await producer.close();
    } finally {
      await cluster.close();
    }
  },
);

test("a partition begins with the producer's id, and gets one of its own if its sequence is lost", async () => {
  await using broker = await FakeBroker.start(3);
  const cluster = await Cluster.connect(
    readSettings({ "bootstrap.servers": broker.address, "retry.backoff.ms": 1 }),
  );
  try {
    const producer = producerAt(cluster);
    const push = (partition: number) =>
      producer.append(partition, { count: 1, metadata: ["{}"], dataBytes: 0 });
    for (const partition of [0, 1, 2, 0]) await push(partition);
    const OUT_OF_ORDER_SEQUENCE = 45;
    broker.outcomes.push(OUT_OF_ORDER_SEQUENCE);
    await push(1);
    await push(2);
    await producer.close();
    const [first, second, third, , another, last] = broker.produced;
    assertEquals(broker.produced.map(({ partition, sequence }) => [partition, sequence]), [
      [0, 0],
      [1, 0],
      [2, 0],
      [0, 1],
      [1, 0],
      [2, 1],
    ]);
    assertEquals([second.producerId, third.producerId, last.producerId], Array(3).fill(first.producerId));
    assertNotEquals(another.producerId, first.producerId);
  } finally {
    await cluster.close();
  }
});

test("a filter looks into some partitions at a time, and into each before it says what comes first", async () => {
  const reads: number[] = [];
  let open = 0;
  let openMax = 0;
  const parts = Array.from({ length: 20 }, (_, partition) => ({
    partition,
    left: 1,
    low: 0,
    high: 0,
    async read() {
      openMax = Math.max(openMax, ++open);
      await Promise.resolve();
      open--;
      reads.push(partition);
      this.left = 0;
      return { events: [], damage: [], untilId: 1 };
    },
  }));
  const found = await scan(parts as unknown as Part[], () => true, { limit: 5, direction: "newer" });
  assertEquals(found, { events: [], damage: [] });
  assertEquals(reads.sort((one, other) => one - other), parts.map(({ partition }) => partition));
  assertEquals(openMax, 8);
});
