// Listing topics reads their documents; one whose leader hangs is not waited for as long as the leader may take.
import { assertEquals, assertLess, assertRejects } from "@std/assert";
import { Cluster } from "../../../../src/drivers/kafka/client/cluster.ts";
import { RawReader } from "../../../../src/drivers/kafka/fetch/raw_reader.ts";
import { readSettings } from "../../../../src/drivers/kafka/settings/settings.ts";
import { test } from "../../../harness.ts";
import { FakeBroker } from "../fake_broker.ts";

const NOTHING = { responses: [{ partitions: [{ records: [], highWatermark: 0n }] }] };

/** A reader of a cluster with one broker; `answers` are those to its requests, in order. */
function scene(answers: Promise<unknown>[]): RawReader {
  const topic = { id: "1", partitions: [{ leader: 1 }] };
  const metadata = () => Promise.resolve({ brokers: new Map([[1, {}]]), topics: new Map([["t", topic]]) });
  const cluster = {
    settings: { fetch: { bytesMax: 1 } },
    servers: "here",
    consumer: () => ({ metadata }),
    request: () => answers.shift(),
    run: (_what: string, operation: () => Promise<unknown>) => operation(),
    within: Cluster.prototype.within,
    failure: (error: unknown) => error,
  };
  return new RawReader(cluster as unknown as Cluster);
}

const REQUEST = { kafkaName: "t", partition: 0, offset: 0, recordsMax: 1, silenceMs: 30 };

test("kafka: documents whose leader is silent are given up", async () => {
  const reader = scene([new Promise(() => {})]);
  await assertRejects(() => reader.read(REQUEST), Error, "its leader is silent");
});

test("kafka: documents are waited for while their leader answers about others", async () => {
  const after = (ms: number) => new Promise((resolve) => setTimeout(() => resolve(NOTHING), ms));
  const reader = scene([10, 35, 60, 85].map(after));
  assertEquals(await Promise.all([1, 2, 3, 4].map(() => reader.read(REQUEST))), [[], [], [], []]);
});

test("kafka: what a leader answers is reported, not that it was silent", async () => {
  const reader = scene([Promise.reject(new Error("not allowed"))]);
  await assertRejects(() => reader.read(REQUEST), Error, "not allowed");
});

// The list of topics took as long as the cluster needs to notice that a broker is down, 9 seconds by default: 13 s with
// a broker that was killed, where one that hangs was given up after 2.
test("kafka: documents whose leader cannot be reached are given up as soon as those of a silent one", async () => {
  await using broker = await FakeBroker.start(1);
  broker.otherPort = 1;
  broker.partitions[0].leader = 2;
  const cluster = await Cluster.connect(readSettings({ "bootstrap.servers": broker.address }));
  const reader = new RawReader(cluster);
  try {
    const beganMs = performance.now();
    await assertRejects(() => reader.read({ ...REQUEST, silenceMs: 500 }), Error, "no answer from Kafka");
    assertLess(performance.now() - beganMs, 15_000);
  } finally {
    await reader.close();
    await cluster.close();
  }
});
