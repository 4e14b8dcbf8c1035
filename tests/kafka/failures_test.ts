// Brokers that are killed while events are in flight.
import { assertEquals, assertGreaterOrEqual, assertInstanceOf, assertRejects } from "@std/assert";
import { BrokerError, type Consumer, Driver, type Event, type Producer, type Topic } from "../../mod.ts";
import { test } from "../harness.ts";
import { brokerMissing, Cluster } from "../../tools/kafka/broker.ts";
import { checkLag, checkStored, Pushing, Reading, readToEnd, sleep, until } from "./traffic.ts";

const skip = brokerMissing;

function open(cluster: Cluster, more: Record<string, number> = {}): Promise<Driver> {
  return Driver.open("octopus", {
    kafka: {
      "bootstrap.servers": cluster.servers,
      "heartbeat.interval.ms": 500,
      "session.timeout.ms": 6000,
      ...more,
    },
  });
}

/** Stops both; every stored event is there, and was read. */
async function end(topic: Topic, pushing: Pushing, reading: Reading): Promise<void> {
  await pushing.stop();
  await reading.seesAll(pushing.stored);
  await reading.stop();
  await checkStored(topic, pushing.stored);
  await checkLag(topic, "reader", 0);
}

test("kafka: a broker that is killed and restarted loses no stored event, and clients continue", {
  skip,
}, async () => {
  await using cluster = await Cluster.start();
  const [broker] = cluster.brokers;
  await using driver = await open(cluster);
  await driver.createTopic("t", { num_partitions: 2 });
  await using topic = await driver.openTopic("t");
  await using pushing = new Pushing(topic);
  await using reading = new Reading(topic, "reader");
  await until("some events read", () => reading.seen.size > 500);
  for (const downMs of [500, 0]) {
    await broker.kill();
    await sleep(downMs);
    await broker.start();
    await pushing.more(500);
  }
  await end(topic, pushing, reading);
});

test(
  "kafka: when one of three brokers is killed, stored events are kept, and clients continue",
  { skip },
  async () => {
    await using cluster = await Cluster.start({ brokers: 3 });
    await using driver = await open(cluster);
    await driver.createTopic("t", { num_partitions: 3, kafka: { "min.insync.replicas": 2 } });
    await using topic = await driver.openTopic("t");
    assertEquals(topic.options.replication_factor, 3);
    await using pushing = new Pushing(topic);
    await using reading = new Reading(topic, "reader");
    await until("some events read", () => reading.seen.size > 300);
    // The one that every client asked first.
    await cluster.brokers[0].kill();
    const before = new Set(pushing.stored.keys());
    for (const partition of [0, 1, 2]) {
      const growth = (): number =>
        [...pushing.stored.keys()].filter((place) => place.startsWith(`${partition}:`) && !before.has(place))
          .length;
      await until(`partition ${partition} going on`, () => growth() > 50);
    }
    await end(topic, pushing, reading);
  },
);

test(
  "kafka: without a broker pushes time out and reads get errors, and both recover",
  {
    skip,
  },
  async () => {
    await using cluster = await Cluster.start();
    const [broker] = cluster.brokers;
    const timeoutMs = 2500;
    await using driver = await open(cluster, { "message.timeout.ms": timeoutMs });
    await driver.createTopic("t");
    await using topic = await driver.openTopic("t");
    await using producer = topic.producer();
    await pushUntilStored(producer, 0);
    await using consumer = topic.consumer("c", { partitions: [0] });
    assertEquals((await pullEvent(consumer))?.metadata, 0);
    const cut = await readBeforeCut(driver);
    await broker.kill();
    const error = await assertRejects(async () => await producer.push(1), BrokerError);
    assertEquals([error.canRetry, error.brokers], [true, cluster.servers]);
    const seconds = Number(/ in (\d+\.\d) s:/.exec(error.message)?.[1]);
    assertGreaterOrEqual(seconds, timeoutMs / 1000 - 0.1, error.message);
    assertEquals(await consumer.pull().wait(300), undefined);
    broker.removeLog("cut", 0);
    await broker.start();
    await cut.readAfter();
    const id = await pushUntilStored(producer, 2);
    // A failed push may have been stored, when it was too late to report it.
    let event = await pullEvent(consumer);
    while (event !== undefined && event.id < id) event = await pullEvent(consumer);
    assertEquals([event?.id, event?.metadata], [id, 2]);
  },
);

/** Reads events of a topic whose log is lost then; afterwards with the same consumer, and one that starts again. */
async function readBeforeCut(driver: Driver): Promise<{ readAfter(): Promise<void> }> {
  await driver.createTopic("cut", { disable_info_topic: true });
  const topic = await driver.openTopic("cut");
  const producer = topic.producer();
  for (let n = 0; n < 5; n++) producer.push(n);
  await producer.flush();
  const open = topic.consumer("open", { group: false });
  await readToEnd(open, ({ id, metadata }) => assertEquals(id, metadata));
  const again = [topic.consumer("again"), topic.consumer("alone", { group: false })];
  for (const before of again) {
    await readToEnd(before, (event) => event.acknowledge());
    await before.close();
  }
  return {
    async readAfter() {
      // As many as before and more, so that the position alone shows nothing.
      for (let n = 100; n < 107; n++) await pushUntilStored(producer, n);
      await producer.close();
      for (
        const consumer of [open, topic.consumer("again"), topic.consumer("alone", { group: false })]
      ) {
        const seen: unknown[] = [];
        let error: unknown;
        while (seen.at(-1) !== 106) {
          try {
            for await (const event of consumer.events({ until: "end" })) seen.push(event.metadata);
          } catch (fault) {
            // While the broker starts, there are others.
            if (fault instanceof BrokerError && fault.reason === "LOG_TRUNCATED") error = fault;
          }
        }
        // A failed push may have been stored.
        assertEquals([...new Set(seen)], [100, 101, 102, 103, 104, 105, 106]);
        assertInstanceOf(error, BrokerError);
        await consumer.close();
      }
      await topic.close();
    },
  };
}

/** The next event: on a busy machine a broker may need longer to start than a read waits for it. */
async function pullEvent(consumer: Consumer): Promise<Event | undefined> {
  for (const deadline = performance.now() + 90_000;;) {
    try {
      return await consumer.pull().wait(60_000);
    } catch (error) {
      if (!(error instanceof BrokerError && error.canRetry) || performance.now() > deadline) throw error;
    }
  }
}

/** Pushes until it is stored: on a busy machine a broker may need longer than a push waits. */
async function pushUntilStored(producer: Producer, metadata: number): Promise<number> {
  for (const deadline = performance.now() + 90_000;;) {
    try {
      return await producer.push(metadata);
    } catch (error) {
      if (!(error instanceof BrokerError) || performance.now() > deadline) throw error;
    }
  }
}
