// What the octopus driver does beyond the driver contract, with a real broker.
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { Buffer } from "node:buffer";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import {
  BrokerError,
  type Consumer,
  CorruptedLogError,
  Driver,
  FullDataSelector,
  InvalidMetadataError,
  InvalidOptionError,
  type JsonObject,
  LimitExceededError,
  NotSupportedError,
  TopicDeletedError,
  TopicExistsError,
  TopicNotFoundError,
} from "../../mod.ts";
import { loadClient } from "../../src/drivers/kafka/client.ts";
import { Cluster as ClientCluster } from "../../src/drivers/kafka/client/cluster.ts";
import { PartitionDelivery } from "../../src/drivers/kafka/produce/partition_delivery.ts";
import { formatOf } from "../../src/drivers/kafka/format/record.ts";
import { RecordBatch, recordsOf } from "../../src/drivers/kafka/format/record_batch.ts";
import { readSettings } from "../../src/drivers/kafka/settings/settings.ts";
import { TopicAdmin } from "../../src/drivers/kafka/admin/topic_admin.ts";
import { valuesOf } from "../drivers/kafka/values.ts";
import { test } from "../harness.ts";
import { brokerMissing, Cluster } from "../../tools/kafka/broker.ts";
import { freePorts } from "../../tools/kafka/ports.ts";
import { until } from "../waiting.ts";
import { Outside } from "./raw.ts";

const cluster = brokerMissing === false ? await Cluster.start() : undefined;
const skip = brokerMissing;
let namespaces = 0;

interface Place {
  driver: Driver;
  namespace: string;
  outside: Outside;
  open(options?: JsonObject, kafka?: JsonObject): Promise<Driver>;
}

/** A driver with a separate namespace. */
async function withDriver(use: (place: Place) => Promise<void>): Promise<void> {
  const namespace = `driver-${++namespaces}`;
  const open = (options: JsonObject = {}, kafka: JsonObject = {}): Promise<Driver> =>
    Driver.open("kafka", {
      kafka: { "bootstrap.servers": [cluster!.servers], "heartbeat.interval.ms": 200, ...kafka },
      namespace,
      ...options,
    });
  await using driver = await open();
  await use({ driver, namespace, outside: new Outside(cluster!.servers), open });
}

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(" ", ""), "hex");
}

/** Runs something and returns the warnings emitted during it. */
async function warningsOf(run: () => Promise<void>): Promise<string[]> {
  const warnings: string[] = [];
  const listen = (warning: Error): void => {
    if (warning.name === "DiasporaWarning") warnings.push(warning.message);
  };
  process.on("warning", listen);
  try {
    await run();
    await new Promise((resolve) => setTimeout(resolve, 10));
  } finally {
    process.off("warning", listen);
  }
  return warnings;
}

test("kafka: events are stored in Kafka as the C++ driver writes them", { skip }, async () => {
  await withDriver(async ({ driver, namespace, outside }) => {
    await driver.createTopic("t", { num_partitions: 2 });
    await using topic = await driver.openTopic("t");
    await using producer = topic.producer();
    assertEquals(await producer.push({}, undefined, { partition: 1 }), 0);
    assertEquals(await producer.push("[1]", Uint8Array.of(9, 8), { partition: 1 }), 1);
    assertEquals(await outside.consume(`${namespace}.t`, 2, 1), [
      hex("0a00000000000000 0000000000000000 0200000000000000 7b7d"),
      hex("0b00000000000000 0200000000000000 0300000000000000 5b315d 0908"),
    ]);
  });
});

test("kafka: a topic's documents are three records in a topic next to it", { skip }, async () => {
  await withDriver(async ({ driver, namespace, outside }) => {
    await driver.createTopic("t", {}, { partitionSelector: { type: "key", pointer: "/k" } });
    const [validator, selector, serializer] = await outside.consume(`${namespace}.__info_t`, 3);
    assertEquals(JSON.parse(validator.toString()), { type: "default" });
    assertEquals(JSON.parse(selector.toString()).type, "key");
    assertEquals(JSON.parse(serializer.toString()), { type: "default" });
  });
});

test(
  "kafka: a topic of the C++ driver is opened with its components, and its events are read",
  { skip },
  async () => {
    await withDriver(async ({ driver, namespace, outside }) => {
      await outside.createTopic(`${namespace}.theirs`, 2);
      await outside.createTopic(`${namespace}.__info_theirs`);
      const schema = { type: "object", required: ["energy"] };
      const documents = [{ type: "schema", schema }, { type: "default" }, { type: "schema", schema }];
      await outside.produce(
        `${namespace}.__info_theirs`,
        documents.map((document) => Buffer.from(JSON.stringify(document))),
      );
      const text = Buffer.from('{"energy":7}');
      await outside.produce(`${namespace}.theirs`, [
        Buffer.concat([hex("1400000000000000 0100000000000000 0c00000000000000"), text, hex("ff")]),
        hex("ff".repeat(16)),
      ]);
      assertEquals([...(await driver.listTopics()).keys()], ["theirs"]);
      await using topic = await driver.openTopic("theirs");
      assertEquals([topic.validator.config().type, topic.serializer.config().type], ["schema", "schema"]);
      await using consumer = topic.consumer("c", { dataSelector: FullDataSelector });
      const event = await consumer.pull().wait(10_000);
      assertEquals([event?.metadata, [...event!.data!]], [{ energy: 7 }, [0xff]]);
      // The end marker of the topic is not an event, and neither is what comes after it.
      await using producer = topic.producer();
      assertEquals(await producer.push({ energy: 8 }, undefined, { partition: 0 }), 2);
      assertEquals((await consumer.pull().wait(10_000))?.id, 2);
    });
  },
);

test("kafka: a topic without documents has the default components, and a warning", { skip }, async () => {
  await withDriver(async ({ driver, namespace, outside }) => {
    await outside.createTopic(`${namespace}.bare`);
    const warnings = await warningsOf(async () => {
      await using topic = await driver.openTopic("bare");
      assertEquals(topic.validator.config(), { type: "default" });
    });
    assertEquals(warnings.length, 1);
    assertStringIncludes(warnings[0], `Topic "bare" lacks the documents of 3 of its components`);
  });
});

test(
  "kafka: disable_info_topic omits the documents, for default components only",
  { skip },
  async () => {
    await withDriver(async ({ driver, namespace, outside, open }) => {
      await driver.createTopic("by-topic", { disable_info_topic: true });
      await using plain = await open({ disable_info_topic: true });
      await plain.createTopic("by-driver");
      assertEquals(
        (await outside.topics()).filter((name) => name.startsWith(`${namespace}.`)),
        [`${namespace}.by-driver`, `${namespace}.by-topic`],
      );
      await assertRejects(
        () => plain.createTopic("other", {}, { serializer: { type: "cbor" } }),
        InvalidOptionError,
        "default components only",
      );
      assertEquals(await warningsOf(async () => await (await plain.openTopic("by-topic")).close()), []);
    });
  },
);

test("kafka: a namespace sees its own topics only", { skip }, async () => {
  await withDriver(async ({ driver, namespace, open }) => {
    await driver.createTopic("mine");
    await using everything = await open({ namespace: undefined as never });
    const names = [...(await everything.listTopics()).keys()];
    assert(names.includes(`${namespace}.mine`));
    assertEquals(names.filter((name) => name.includes("__")), []);
    await using other = await open({ namespace: `${namespace}-other` });
    assertEquals((await other.listTopics()).size, 0);
    await assertRejects(() => other.openTopic("mine"), TopicNotFoundError, `${namespace}-other`);
  });
});

test("kafka: leftovers of an interrupted creation are not a topic, and block nothing", { skip }, async () => {
  await withDriver(async ({ driver, namespace, outside }) => {
    await outside.createTopic(`${namespace}.__info_half`);
    await outside.produce(`${namespace}.__info_half`, [Buffer.from('{"type":"made-by-none"}')]);
    assertEquals([await driver.topicExists("half"), (await driver.listTopics()).size], [false, 0]);
    await driver.createTopic("half");
    await using topic = await driver.openTopic("half");
    assertEquals(topic.validator.config(), { type: "default" });
  });
});

// Kafka's producers and consumers go on with a topic of the same name: pushes were stored in the new topic, and the
// reader passed over its first events.
test(
  "kafka: a topic that was deleted and created again is another one, for those who have the first one open",
  { skip },
  async () => {
    await withDriver(async ({ driver, open }) => {
      await driver.createTopic("t", { disable_info_topic: true });
      await using topic = await driver.openTopic("t");
      await using producer = topic.producer();
      for (let n = 0; n < 20; n++) producer.push(n);
      await producer.flush();
      const seen: unknown[] = [];
      await using consumer = topic.consumer("reader");
      const reading = assertRejects(async () => {
        for await (const event of consumer.events()) seen.push(event.metadata);
      }, TopicDeletedError);
      // Only the assertion above must be waited for; what comes before it may fail first.
      reading.catch(() => {});
      await until("everything is read", () => seen.length === 20);

      await using other = await open();
      await other.deleteTopic("t");
      await other.createTopic("t", { disable_info_topic: true });
      await using remade = await other.openTopic("t");
      await using successor = remade.producer();
      for (let n = 0; n < 5; n++) successor.push({ n });
      await successor.flush();
      await assertRejects(() => producer.push({ lost: 1 }), TopicDeletedError);
      await assertRejects(() => producer.push({ lost: 1 }), TopicDeletedError);
      await reading;
      assertEquals(seen.length, 20);
      await using late = topic.consumer("late", { partitions: [0] });
      await assertRejects(() => late.pull(), TopicDeletedError);
      // The new topic has positions of the same name.
      await assertRejects(() => topic.seekConsumer("reader", { id: 3 }), TopicDeletedError);
      await assertRejects(() => topic.deleteConsumer("reader"), TopicDeletedError);
      await assertRejects(() => topic.consumers(), TopicDeletedError);
    });
  },
);

test("kafka: of several simultaneous creations of a topic one succeeds", { skip }, async () => {
  await withDriver(async ({ driver, open }) => {
    await using other = await open();
    const outcomes = await Promise.allSettled([
      driver.createTopic("t", { num_partitions: 2 }),
      driver.createTopic("t", { num_partitions: 3 }),
      other.createTopic("t", { num_partitions: 4 }),
    ]);
    assertEquals(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") assertInstanceOf(outcome.reason, TopicExistsError);
    }
    await using topic = await driver.openTopic("t");
    await using producer = topic.producer();
    assertEquals(await producer.push(1), 0);
  });
});

test(
  "kafka: a topic that was created, and then could not be looked for, keeps its components",
  { skip },
  async () => {
    await withDriver(async ({ driver }) => {
      const validator = { type: "schema", schema: { type: "object" } };
      const { created } = TopicAdmin.prototype;
      try {
        TopicAdmin.prototype.created = function (kafkaName) {
          if (kafkaName.includes("__info_")) return created.call(this, kafkaName);
          throw new BrokerError("a:1", "not allowed", { reason: "TOPIC_AUTHORIZATION_FAILED" });
        };
        await assertRejects(() => driver.createTopic("t", {}, { validator }), BrokerError, "not allowed");
      } finally {
        TopicAdmin.prototype.created = created;
      }
      // Nothing has waited for that.
      await until("the broker knows the topic", async () => await driver.topicExists("t"));
      await using topic = await driver.openTopic("t");
      await using producer = topic.producer();
      await assertRejects(() => producer.push(1), InvalidMetadataError);
      assertEquals(await producer.push({}), 0);
    });
  },
);

test(
  "kafka: a topic without documents does not get those that an earlier one has left",
  { skip },
  async () => {
    await withDriver(async ({ driver, namespace, outside }) => {
      await driver.createTopic("t", {}, { validator: { type: "schema", schema: { type: "object" } } });
      await outside.deleteTopic(`${namespace}.t`);
      await until("the broker knows that it is deleted", async () => !await driver.topicExists("t"));
      await driver.createTopic("t", { disable_info_topic: true });
      await using topic = await driver.openTopic("t");
      await using producer = topic.producer();
      assertEquals(await producer.push(1), 0);
    });
  },
);

test("kafka: more replicas than brokers are refused, and nothing is left", { skip }, async () => {
  await withDriver(async ({ driver, namespace, outside }) => {
    const error = await assertRejects(
      () => driver.createTopic("t", { replication_factor: 5 }),
      InvalidOptionError,
    );
    assertStringIncludes(error.message, "has fewer brokers");
    await assertRejects(
      () => driver.createTopic("t", { kafka: { "no.such": 1 } }),
      InvalidOptionError,
      "no.such",
    );
    assertEquals((await outside.topics()).filter((name) => name.startsWith(`${namespace}.`)), []);
  });
});

test("kafka: retention and Kafka's own settings can be set, shown and changed", { skip }, async () => {
  await withDriver(async ({ driver }) => {
    await driver.createTopic("t", { retention_seconds: 3600, kafka: { "max.message.bytes": 2_000_000 } });
    await using topic = await driver.openTopic("t");
    assertEquals(topic.options, {
      num_partitions: 1,
      replication_factor: 1,
      retention_seconds: 3600,
      kafka: { "max.message.bytes": "2000000" },
    });
    await topic.edit({ retention_bytes: 1_000_000, retention_seconds: null });
    assertEquals([topic.options.retention_bytes, topic.options.retention_seconds], [1_000_000, undefined]);
    assertEquals((await driver.listTopics()).get("t")?.options.retention_bytes, 1_000_000);
    await assertRejects(() => topic.edit({ segment_bytes: 1 }), InvalidOptionError, "segment.bytes");
    await assertRejects(() => topic.edit({ num_partitions: 2 }), InvalidOptionError);
    await assertRejects(() => topic.edit({ flush_behavior: "immediate" }), NotSupportedError);
  });
});

test(
  "kafka: an event that is too large is refused with the limit and its setting, and the producer continues",
  {
    skip,
  },
  async () => {
    await withDriver(async ({ driver, open }) => {
      await driver.createTopic("t", { kafka: { "max.message.bytes": 100_000 } });
      await using topic = await driver.openTopic("t");
      await using producer = topic.producer();
      const before = producer.push(0);
      const large = producer.push(1, new Uint8Array(100_000));
      const after = producer.push(2);
      const error = await assertRejects(async () => await large, LimitExceededError);
      assertStringIncludes(error.message, "100000 are possible");
      assertStringIncludes(error.message, '"max.message.bytes" of the topic');
      assertEquals([await before, await after], [0, 1]);
      async function* endless(): AsyncGenerator<Uint8Array> {
        for (;;) yield await Promise.resolve(new Uint8Array(10_000));
      }
      await assertRejects(
        async () => await producer.push(3, endless()),
        LimitExceededError,
        "100000 are possible",
      );
      await using narrow = await open({}, { "message.max.bytes": 5000 });
      await using same = await narrow.openTopic("t");
      await using other = same.producer();
      await assertRejects(
        async () => await other.push(4, new Uint8Array(5000)),
        LimitExceededError,
        '"message.max.bytes" of the driver',
      );
      assertEquals(await other.push(5), 2);
    });
  },
);

test(
  "kafka: multi-byte text and many small events do not exceed the batch limit",
  { skip },
  async () => {
    await withDriver(async ({ driver }) => {
      await driver.createTopic("t");
      await using topic = await driver.openTopic("t");
      await using producer = topic.producer();
      const texts = Array.from({ length: 60 }, (_, n) => JSON.stringify("漢".repeat(10_000) + n));
      const futures = [
        ...texts.map((text) => producer.push(text)),
        ...Array.from({ length: 30_000 }, (_, n) => producer.push(n)),
      ];
      assertEquals(await Promise.all(futures), Array.from({ length: 30_060 }, (_, id) => id));
      await using consumer = topic.consumer("c");
      let seen = 0;
      for await (const event of consumer.events({ until: "end" })) {
        if (seen < 60) assertEquals(event.metadataText, texts[seen]);
        assertEquals(event.id, seen++);
      }
      assertEquals(seen, 30_060);
    });
  },
);

for (const codec of ["gzip", "snappy", "lz4", "zstd"]) {
  test(`kafka: batches are compressed by ${codec}, and read again`, { skip }, async () => {
    await withDriver(async ({ driver, open }) => {
      await driver.createTopic("t");
      await using squeezing = await open({}, { "compression.type": codec });
      await using squeezed = await squeezing.openTopic("t");
      await using producer = squeezed.producer();
      for (let n = 0; n < 500; n++) producer.push({ n }, new Uint8Array(2000));
      await producer.flush();
      await using topic = await driver.openTopic("t");
      const [{ bytes }] = await topic.describe();
      assert(bytes < 500_000, `${bytes} bytes`);
      await using consumer = topic.consumer("c", { dataSelector: FullDataSelector });
      let next = 0;
      for await (const event of consumer.events({ until: "end" })) {
        assertEquals([event.metadata, event.data?.byteLength], [{ n: next++ }, 2000]);
      }
      assertEquals(next, 500);
    });
  });
}

/** Less than 256 bytes as a frame of zstd, in a block that is not compressed. */
function zstdFrame(bytes: Buffer): Buffer {
  const size = bytes.byteLength;
  const block = size << 3 | 1;
  return Buffer.concat([Buffer.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, size, block, block >> 8, 0), bytes]);
}

test(
  "kafka: a partition stops before a batch whose compression this runtime lacks, and the others go on",
  { skip },
  async () => {
    await withDriver(async ({ driver, namespace }) => {
      await driver.createTopic("t", { num_partitions: 2 });
      await using topic = await driver.openTopic("t");
      await using producer = topic.producer();
      const push = (partition: number) => producer.push({}, undefined, { partition });
      await Promise.all([push(0), push(1)]);
      const inside = await ClientCluster.connect(readSettings({ "bootstrap.servers": cluster!.servers }));
      const client = inside.producer();
      try {
        const target = { name: "t", kafkaName: `${namespace}.t` };
        const delivery = new PartitionDelivery({ cluster: inside, client, topic: target, partition: 0 });
        const values = valuesOf({ count: 1, metadata: ["{}"], dataBytes: 0 }, formatOf("default"));
        const batch = RecordBatch.encode([recordsOf(values)]);
        assertEquals(
          await delivery.send(await batch.compressed({ bitmask: 4, compressSync: zstdFrame })),
          1,
        );
      } finally {
        await client.close(true);
        await inside.close();
      }
      await Promise.all([push(0), push(1)]);
      const read = async (seen: string[], consumer: Consumer): Promise<void> => {
        for await (const { partition, id } of consumer.events({ until: "end" })) {
          seen.push(`${partition}:${id}`);
        }
      };
      const { compressionsAlgorithmsByBitmask: known, UnsupportedCompressionError } = await loadClient();
      const zstd = known[4]!;
      const decompressSync = () => {
        throw new UnsupportedCompressionError("as on Node 20");
      };
      known[4] = { ...zstd, decompressSync };
      try {
        await using consumer = topic.consumer("c", { onCorruption: "skip" });
        const seen: string[] = [];
        const stops = () =>
          assertRejects(() => read(seen, consumer), NotSupportedError, "partition 0 from event 1 on");
        assertMatch((await stops()).message, /by "zstd", .*; Node knows "zstd" from version 22\.15 on/);
        await stops();
        assertEquals(seen.sort(), ["0:0", "1:0", "1:1"]);
        assertEquals((await topic.lag("c")).map(({ events }) => events), [3, 2]);
      } finally {
        known[4] = zstd;
      }
      // Deno, which runs this, knows it.
      await using consumer = topic.consumer("d");
      const seen: string[] = [];
      await read(seen, consumer);
      assertEquals(seen.sort(), ["0:0", "0:1", "0:2", "1:0", "1:1"]);
    });
  },
);

test(
  "kafka: a record of another format is damage: named by its offset, or skipped",
  { skip },
  async () => {
    await withDriver(async ({ driver, namespace, outside }) => {
      await driver.createTopic("t");
      await using topic = await driver.openTopic("t");
      await using producer = topic.producer();
      await producer.push(0);
      await outside.produce(`${namespace}.t`, [Buffer.from("hello, world")]);
      await producer.push(2);
      await using strict = topic.consumer("strict");
      assertEquals((await strict.pull().wait(10_000))?.id, 0);
      for (let round = 0; round < 2; round++) {
        const error = await assertRejects(() => strict.pull().wait(10_000), CorruptedLogError);
        const { topic: name, partition, firstId, endId, reason } = error.damage;
        assertEquals([name, partition, firstId, endId], ["t", 0, 1, 2]);
        assertEquals(reason, "the record has 12 bytes, an event has at least 16");
        assertMatch(error.message, /Cannot read topic "t" partition 0 event 1: the record has 12 bytes/);
      }
      await strict.seek({ id: 2 });
      assertEquals((await strict.pull().wait(10_000))?.id, 2);
      const skipped: number[] = [];
      await using lenient = topic.consumer("lenient", {
        onCorruption: "skip",
        onDamage: ({ damage }) => skipped.push(damage.firstId),
      });
      const ids: number[] = [];
      for await (const event of lenient.events({ until: "end" })) ids.push(event.id);
      assertEquals([ids, skipped], [[0, 2], [1]]);
    });
  },
);

test("kafka: a batch with changed bytes is damage, unless checksums are disabled", {
  skip,
}, async () => {
  await withDriver(async ({ driver, namespace, open }) => {
    await driver.createTopic("t");
    await using topic = await driver.openTopic("t");
    await using producer = topic.producer();
    await producer.push('"zero"');
    await Promise.all([producer.push('"one"'), producer.push('"two"')]);
    await producer.push('"three"');
    const path = cluster!.brokers[0].segment(`${namespace}.t`, 0);
    const at = readFileSync(path).indexOf('"two"') + 1;
    const file = openSync(path, "r+");
    writeSync(file, Buffer.from("T"), 0, 1, at);
    closeSync(file);
    await using strict = topic.consumer("strict");
    assertEquals((await strict.pull().wait(10_000))?.metadata, "zero");
    const { damage } = await assertRejects(() => strict.pull().wait(10_000), CorruptedLogError);
    assertEquals([damage.firstId, damage.endId, damage.reason], [1, 3, "its checksum is wrong"]);
    await using lenient = topic.consumer("lenient", { onCorruption: "skip" });
    const ids: number[] = [];
    for await (const event of lenient.events({ until: "end" })) ids.push(event.id);
    assertEquals(ids, [0, 3]);
    await using trusting = await open({}, { "check.crcs": false });
    await using same = await trusting.openTopic("t");
    await using consumer = same.consumer("trusting");
    const found: unknown[] = [];
    for await (const event of consumer.events({ until: "end" })) found.push(event.metadata);
    assertEquals(found, ["zero", "one", "Two", "three"]);
  });
});

test(
  "kafka: a position is the offset after the acknowledged event, and is stored before the acknowledgement resolves",
  {
    skip,
  },
  async () => {
    await withDriver(async ({ driver, namespace, outside }) => {
      await driver.createTopic("t");
      await using topic = await driver.openTopic("t");
      await using producer = topic.producer();
      for (let n = 0; n < 5; n++) producer.push(n);
      await producer.flush();
      const name = `${namespace} worker`;
      await using consumer = topic.consumer(name);
      const first = await consumer.pull().wait(10_000);
      assertEquals(await outside.position(name, `${namespace}.t`), -1);
      await first!.acknowledge();
      assertEquals(await outside.position(name, `${namespace}.t`), 1);
      // From outside, a position cannot be moved while a consumer is open.
      const error = await assertRejects(() => topic.seekConsumer(name, "earliest"), BrokerError);
      assertStringIncludes(error.message, `consumers of that name are open`);
      await assertRejects(() => topic.deleteConsumer(name), BrokerError, "consumers of that name are open");
      assertEquals((await topic.lag(name))[0].position, 1);
    });
  },
);

test("kafka: an unreachable broker is reported with the address and the time spent", async () => {
  const [port] = await freePorts(1);
  const beganMs = Date.now();
  const error = await assertRejects(
    () =>
      Driver.open("octopus", {
        kafka: { "bootstrap.servers": `127.0.0.1:${port}`, "socket.connection.setup.timeout.ms": 1500 },
      }),
    BrokerError,
  );
  assertMatch(
    error.message,
    new RegExp(
      `^Cannot connect: no answer from Kafka at "127.0.0.1:${port}" in [01]\\.\\d s: connect ECONNREFUSED`,
    ),
  );
  assertEquals([error.brokers, error.canRetry], [`127.0.0.1:${port}`, true]);
  assert(Date.now() - beganMs < 10_000);
});

test("kafka: a missing topic is reported with the brokers", { skip }, async () => {
  await withDriver(async ({ driver, namespace }) => {
    const error = await assertRejects(() => driver.openTopic("nowhere"), TopicNotFoundError);
    assertStringIncludes(error.message, `no such topic under "${cluster!.servers}/${namespace}"`);
  });
});

test("kafka: properties without effect are accepted and logged once", { skip }, async () => {
  await withDriver(async ({ open }) => {
    const warnings = await warningsOf(async () => {
      await using _ = await open({}, { "statistics.interval.ms": 1000 });
    });
    assertEquals(warnings, ["Kafka options without effect here: statistics.interval.ms"]);
  });
});

test(
  "kafka: topics are administered by the octopus service, their events go to Kafka",
  { skip },
  async () => {
    await withDriver(async ({ namespace, outside, open }) => {
      const requests: string[] = [];
      const served = new Set<string>();
      const server = createServer(async (request, response) => {
        requests.push(`${request.method} ${request.url}`);
        const [, , , , topic] = request.url!.split("/");
        if (request.method === "POST") await outside.createTopic(`${namespace}.${topic}`);
        if (request.method === "DELETE") await outside.deleteTopic(`${namespace}.${topic}`);
        if (request.method === "POST") served.add(topic);
        if (request.method === "DELETE") served.delete(topic);
        response.writeHead(200, { connection: "close" });
        response.end(JSON.stringify({ status: "success", namespaces: { [namespace]: [...served] } }));
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      try {
        const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
        await using driver = await open({ octopus: { url, subject: "me", authorization: "secret" } });
        await assertRejects(() => driver.createTopic("t", { num_partitions: 2 }), NotSupportedError);
        await driver.createTopic("t", {}, { serializer: { type: "cbor" } });
        await assertRejects(() => driver.createTopic("t"), TopicExistsError);
        assertEquals(requests, [`POST /api/v3/${namespace}/info_t`, `POST /api/v3/${namespace}/t`]);
        {
          await using topic = await driver.openTopic("t");
          assertEquals(topic.serializer.config().type, "cbor");
          await using producer = topic.producer();
          assertEquals(await producer.push({ n: 1 }), 0);
        }
        // Of other users, who have their own permissions.
        await outside.createTopic(`${namespace}.apart`);
        assertEquals([...(await driver.listTopics()).keys()], ["t"]);
        await driver.deleteTopic("t");
        assertEquals(requests.slice(2), [
          "GET /api/v3/namespace",
          `DELETE /api/v3/${namespace}/t`,
          `DELETE /api/v3/${namespace}/info_t`,
        ]);
        assertEquals((await driver.listTopics()).size, 0);
      } finally {
        await new Promise((resolve) => server.close(resolve));
      }
    });
  },
);
