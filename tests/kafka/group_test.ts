// Consumers with the same name share a topic's partitions, across all processes.
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  BrokerError,
  type Consumer,
  ConsumerInUseError,
  Driver,
  type Event,
  PartitionMovedError,
  type Topic,
} from "../../mod.ts";
import { test } from "../harness.ts";
import { brokerMissing, Cluster } from "../../tools/kafka/broker.ts";

const cluster = brokerMissing === false ? await Cluster.start() : undefined;
const skip = brokerMissing;

function open(namespace: string, heartbeatMs = 200): Promise<Driver> {
  return Driver.open("octopus", {
    kafka: {
      "bootstrap.servers": cluster!.servers,
      "heartbeat.interval.ms": heartbeatMs,
      "session.timeout.ms": 6000,
    },
    namespace,
  });
}

async function until(what: string, condition: () => boolean, msMax = 90_000): Promise<void> {
  const deadline = Date.now() + msMax;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`${what} did not come to be in ${msMax} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function fill(topic: Topic, count: number): Promise<void> {
  await using producer = topic.producer();
  const width = topic.partitions.length;
  for (let n = 0; n < count; n++) producer.push(n, undefined, { partition: n % width });
  await producer.flush();
}

/** Whether every partition has exactly one owner. */
function areShared(consumers: readonly Consumer[], partitions: number): boolean {
  const owned = consumers.flatMap((consumer) => consumer.partitions).sort((one, other) => one - other);
  return owned.length === partitions && owned.every((partition, index) => partition === index);
}

test(
  "kafka: while three consumers of a name come and go, each partition has one owner and every event is delivered",
  {
    skip,
  },
  async () => {
    await using driver = await open("rebalance");
    await driver.createTopic("t", { num_partitions: 6 });
    await using topic = await driver.openTopic("t");
    await fill(topic, 300);
    const seen = new Set<number>();
    const acknowledged = new Map<number, number>();
    const stopping = new AbortController();
    const work = async (consumer: Consumer): Promise<void> => {
      try {
        for await (const event of consumer.events({ signal: stopping.signal })) {
          seen.add(event.metadata as number);
          try {
            await event.acknowledge();
          } catch (error) {
            // The partition moved to another member while this one was slow: the other gets the event, too.
            if (error instanceof BrokerError || error instanceof PartitionMovedError) continue;
            throw error;
          }
          const before = acknowledged.get(event.partition) ?? 0;
          acknowledged.set(event.partition, Math.max(before, event.id + 1));
          await new Promise((resolve) => setTimeout(resolve, 3));
        }
      } catch (error) {
        if (!stopping.signal.aborted && (error as { code?: string }).code !== "ERR_CLOSED") throw error;
      }
    };
    const first = topic.consumer("workers");
    const working = [work(first)];
    await until("the first owner", () => areShared([first], 6));
    await using elsewhere = await open("rebalance");
    await using same = await elsewhere.openTopic("t");
    const second = same.consumer("workers");
    working.push(work(second));
    await until("two owners", () => areShared([first, second], 6) && second.partitions.length === 3);
    const third = topic.consumer("workers");
    working.push(work(third));
    await until("three owners", () => {
      const all = [first, second, third];
      return areShared(all, 6) && all.every(({ partitions }) => partitions.length === 2);
    });
    await fill(topic, 600);
    await second.close();
    await until("two owners again", () => areShared([first, third], 6) && first.partitions.length === 3);
    await until("every event", () => seen.size === 600);
    for (let n = 0; n < 600; n++) assert(seen.has(n));
    await until("nothing left", () => [...acknowledged.values()].reduce((sum, id) => sum + id, 0) === 900);
    assertEquals((await topic.lag("workers")).map(({ events }) => events), [0, 0, 0, 0, 0, 0]);
    stopping.abort();
    await Promise.all(working);
    await first.close();
    await third.close();
  },
);

test("kafka: consumers of one name may read different topics at the same time", { skip }, async () => {
  await using driver = await open("topics");
  await driver.createTopic("one", { num_partitions: 2 });
  await driver.createTopic("other", { num_partitions: 3 });
  await using one = await driver.openTopic("one");
  await using other = await driver.openTopic("other");
  await using ofOne = one.consumer("shared");
  await ofOne.ready();
  await using ofOther = other.consumer("shared");
  await ofOther.ready();
  await until("their own partitions", () => ofOne.partitions.length === 2 && ofOther.partitions.length === 3);
  await fill(one, 4);
  await fill(other, 6);
  for (let count = 0; count < 4; count++) assert(await ofOne.pull().wait(10_000) !== undefined);
  for (let count = 0; count < 6; count++) assert(await ofOther.pull().wait(10_000) !== undefined);
});

test(
  "kafka: an event may be acknowledged just after its partition moved, and never moves a position back",
  { skip },
  async () => {
    await using driver = await open("late");
    await driver.createTopic("t", { num_partitions: 2 });
    await using topic = await driver.openTopic("t");
    await fill(topic, 20);
    await using first = topic.consumer("late");
    const taken = new Map<number, Event[]>([[0, []], [1, []]]);
    while ([...taken.values()].some((events) => events.length < 8)) {
      const event = await first.pull().wait(10_000);
      taken.get(event!.partition)!.push(event!);
    }
    await using second = topic.consumer("late");
    await second.ready();
    await until("two owners", () => areShared([first, second], 2) && first.partitions.length === 1);
    const [moved] = second.partitions;
    await taken.get(moved)![5].acknowledge();
    assertEquals((await topic.lag("late"))[moved].position, 6);
    const again = await second.pull().wait(10_000);
    assertEquals([again?.partition, again?.id], [moved, 0]);
    await again!.acknowledge();
    assertEquals((await topic.lag("late"))[moved].position, 6);
    for (let id = 1; id < 8; id++) await (await second.pull().wait(10_000))!.acknowledge();
    assertEquals((await topic.lag("late"))[moved].position, 8);
  },
);

test("kafka: a consumer of chosen partitions joins no group, and stores no position where a group exists", {
  skip,
}, async () => {
  await using driver = await open("chosen");
  await driver.createTopic("t", { num_partitions: 2 });
  await using topic = await driver.openTopic("t");
  await fill(topic, 8);
  await using alone = topic.consumer("name", { partitions: [1] });
  const event = await alone.pull().wait(10_000);
  await event!.acknowledge();
  assertEquals((await topic.lag("name"))[1].position, 1);
  {
    await using member = topic.consumer("name");
    await member.ready();
    await until("its partitions", () => member.partitions.length === 2);
    const next = await alone.pull().wait(10_000);
    const error = await assertRejects(async () => await next!.acknowledge(), ConsumerInUseError);
    assertEquals(error.canRetry, true);
    for (const options of [{ group: false }, { partitions: [0] }]) {
      const late = topic.consumer("name", options);
      await assertRejects(async () => await late.ready(), ConsumerInUseError);
      await late.close();
    }
  }
  await using welcome = topic.consumer("name", { group: false });
  await welcome.ready();
  const third = await alone.pull().wait(10_000);
  await third!.acknowledge();
  assertEquals((await topic.lag("name"))[1].position, 3);
});

test(
  "kafka: members keep as many partitions as they can when one joins or leaves",
  { skip },
  async () => {
    await using driver = await open("calm");
    await driver.createTopic("t", { num_partitions: 6 });
    await using topic = await driver.openTopic("t");
    await using first = topic.consumer("name", { group: true });
    await first.ready();
    await using second = topic.consumer("name", { group: true });
    await second.ready();
    await until("two share", () => areShared([first, second], 6));
    const two = [first, second].map(({ partitions }) => partitions);
    assertEquals(two.map(({ length }) => length), [3, 3]);
    const third = topic.consumer("name", { group: true });
    await third.ready();
    await until("three share", () => areShared([first, second, third], 6));
    const three = [first, second].map(({ partitions }) => partitions);
    three.forEach((partitions, index) => {
      assertEquals(partitions.length, 2);
      assert(
        partitions.every((partition) => two[index].includes(partition)),
        `${partitions} of ${two[index]}`,
      );
    });
    await third.close();
    await until("two share again", () => areShared([first, second], 6));
    [first, second].forEach(({ partitions }, index) => {
      assert(three[index].every((partition) => partitions.includes(partition)), `${partitions}`);
    });
  },
);

// If the client was closed while it joined again, it started a timer of a minute, which kept the process
// running.
test("kafka: a member that is closed while it rejoins leaves nothing running", { skip }, async () => {
  await using driver = await open("closing");
  await driver.createTopic("t", { num_partitions: 2 });
  await using topic = await driver.openTopic("t");
  await using slowDriver = await open("closing", 2500);
  await using sameTopic = await slowDriver.openTopic("t");
  const slow = sameTopic.consumer("short");
  await slow.ready();
  const first = topic.consumer("short");
  await first.ready();
  const second = topic.consumer("short");
  Promise.resolve(second.ready()).catch(() => {});
  // Members with short heartbeats join again, and wait for the slow one.
  await new Promise((resolve) => setTimeout(resolve, 600));
  await Promise.all([first.close(), second.close(), slow.close()]);
});
