// Kafka's features, each tried as listed in the table in docs/kafka.md. Static members have separate tests.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import { Driver, InvalidOptionError, type JsonObject } from "../../mod.ts";
import { loadClient } from "../../src/drivers/kafka/client.ts";
import { brokerMissing, Cluster } from "../../tools/kafka/broker.ts";
import { test } from "../harness.ts";

const skip = brokerMissing;
const cluster = brokerMissing === false
  ? await Cluster.start({
    brokers: 2,
    properties: {
      "broker.rack": "rack-{port}",
      "replica.selector.class": "org.apache.kafka.common.replica.RackAwareReplicaSelector",
      "replica.fetch.wait.max.ms": "50",
    },
  })
  : undefined;

function open(more: JsonObject = {}): Promise<Driver> {
  return Driver.open("octopus", {
    kafka: { "bootstrap.servers": cluster!.servers, "session.timeout.ms": 6000, ...more },
  });
}

/**
 * Stores texts in partition 0 of a topic, in transactions of one producer that are committed or aborted, after
 * `meanwhile`.
 */
async function transact(
  topic: string,
  id: string,
  transactions: readonly (readonly string[])[],
  commits: boolean,
  meanwhile: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const { Producer } = await loadClient();
  const producer = new Producer({
    clientId: "test",
    bootstrapBrokers: cluster!.servers.split(","),
    transactionalId: id,
    idempotent: true,
    // The broker refuses the next transaction while it is still writing the markers of the last one.
    retries: 100,
    retryDelay: 50,
  });
  for (const texts of transactions) {
    const transaction = await producer.beginTransaction();
    await transaction.send({
      messages: texts.map((text) => {
        const value = Buffer.alloc(24 + text.length);
        value.writeUInt32LE(8 + text.length, 0);
        value.writeUInt32LE(text.length, 16);
        value.write(text, 24);
        return { topic, partition: 0, value };
      }) as never,
    });
    await meanwhile();
    await (commits ? transaction.commit() : transaction.abort());
  }
  await producer.close();
}

async function readAll(driver: Driver, name: string): Promise<[number, unknown][]> {
  await using topic = await driver.openTopic(name);
  await using consumer = topic.consumer("reader", { partitions: [0] });
  const seen: [number, unknown][] = [];
  for await (const event of consumer.events({ until: "end" })) seen.push([event.id, event.metadata]);
  return seen;
}

test(
  "kafka: of other programs' transactions committed events are read, aborted ones are not, and markers take ids",
  {
    skip,
  },
  async () => {
    await using driver = await open();
    await driver.createTopic("transactions", { num_partitions: 1 });
    await transact("transactions", "one", [["1", "2"]], true);
    await transact("transactions", "two", [["3"], ["3"]], false);
    await transact("transactions", "three", [["4"]], true);
    assertEquals(await readAll(driver, "transactions"), [[0, 1], [1, 2], [7, 4]]);
    await using all = await open({ "isolation.level": "read_uncommitted" });
    assertEquals((await readAll(all, "transactions")).map(([, metadata]) => metadata), [1, 2, 3, 3, 4]);
  },
);

// Nothing was left, said lag, while an event was stored and could not be read because of a transaction that hung.
test("kafka: what an open transaction keeps back counts as lag until it has ended", { skip }, async () => {
  await using driver = await open();
  await driver.createTopic("held", { num_partitions: 1 });
  await using topic = await driver.openTopic("held");
  await using producer = topic.producer();
  const lag = async () => (await topic.lag("reader")).map(({ events, fault }) => fault ?? events);
  assertEquals(await lag(), [0]);
  await transact("held", "open", [["1"]], false, async () => {
    assertEquals(await lag(), [1]);
    await producer.push(2);
    assertEquals([await lag(), await readAll(driver, "held")], [[2], []]);
  });
  assertEquals(await readAll(driver, "held"), [[1, 2]]);
  await topic.seekConsumer("reader", { id: 2 });
  assertEquals(await lag(), [0]);
});

test("kafka: with client.rack events are fetched from the replica in that rack", { skip }, async () => {
  await using driver = await open();
  await driver.createTopic("racks", { num_partitions: 1, replication_factor: 2 });
  await using topic = await driver.openTopic("racks");
  await using producer = topic.producer();
  for (let n = 0; n < 50; n++) producer.push(n);
  await producer.flush();
  for (const { address } of cluster!.brokers) {
    await using near = await open({ "client.rack": `rack-${address.split(":")[1]}` });
    assertEquals((await readAll(near, "racks")).length, 50);
  }
});

test("kafka: tiered storage is a topic setting, refused with the broker's message where it is missing", {
  skip,
}, async () => {
  await using driver = await open();
  const error = await assertRejects(
    () => driver.createTopic("tiered", { kafka: { "remote.storage.enable": "true" } }),
    InvalidOptionError,
  );
  assert(/tiered storage/i.test(error.message), error.message);
  assertEquals(await driver.topicExists("tiered"), false);
});

test(
  "kafka: assignment strategies must include roundrobin, and the group protocol must be classic",
  {
    skip,
  },
  async () => {
    const strategy = "partition.assignment.strategy";
    await assertRejects(() => open({ [strategy]: "cooperative-sticky" }), InvalidOptionError, strategy);
    await using both = await open({ [strategy]: "cooperative-sticky,roundrobin" });
    assert(await both.topicExists("none") === false);
    await assertRejects(() => open({ "group.protocol": "consumer" }), InvalidOptionError, "KIP-848");
    await assertRejects(() => open({ "transactional.id": "t" }), InvalidOptionError, "transactional.id");
  },
);
