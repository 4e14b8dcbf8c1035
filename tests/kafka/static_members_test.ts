// With `group.instance.id`, the consumers of one name on two topics had the same id: brokers mistook the second
// for the first one rejoining, and one of the two got nothing. Two on one topic got events twice.
import { assertEquals, assertRejects } from "@std/assert";
import { Consumer as ClientConsumer } from "@platformatic/kafka";
import { BrokerError, type Consumer, Driver } from "../../mod.ts";
import { test } from "../harness.ts";
import { until } from "../waiting.ts";
import { brokerMissing, Cluster } from "../../tools/kafka/broker.ts";

const skip = brokerMissing;
const cluster = skip === false ? await Cluster.start() : undefined;

test(
  "kafka: consumers with one group.instance.id share a topic, and read another one as well",
  { skip },
  async () => {
    await using driver = await Driver.open("kafka", {
      kafka: {
        "bootstrap.servers": cluster!.servers,
        "group.instance.id": "host",
        "heartbeat.interval.ms": 200,
        "session.timeout.ms": 6000,
      },
    });
    const got: Record<string, number[]> = { shared: [], other: [] };
    const members: Record<string, Consumer[]> = { shared: [], other: [] };
    const stopping = new AbortController();
    const reading: Promise<void>[] = [];
    for (const [name, consumers] of [["shared", 2], ["other", 1]] as const) {
      await driver.createTopic(name, { num_partitions: 2 });
      const topic = await driver.openTopic(name);
      for (let n = 0; n < consumers; n++) {
        const consumer = topic.consumer("reader");
        members[name].push(consumer);
        reading.push((async () => {
          try {
            for await (const event of consumer.events({ signal: stopping.signal })) {
              got[name].push((event.metadata as { n: number }).n);
              await event.acknowledge();
            }
          } catch (error) {
            if (!stopping.signal.aborted) throw error;
          } finally {
            await consumer.close();
          }
        })());
      }
    }
    // The members agree first, so that nothing is read twice because a partition moved.
    const shares = () => Object.values(members).map((all) => all.map(({ partitions }) => partitions.length));
    await until("they agree", () => JSON.stringify(shares()) === "[[1,1],[2]]");
    for (const name of ["shared", "other"]) {
      await using topic = await driver.openTopic(name);
      await using producer = topic.producer();
      for (let n = 0; n < 100; n++) producer.push({ n });
      await producer.flush();
    }
    const all = Array.from({ length: 100 }, (_, n) => n);
    await until("all are read", () => got.shared.length >= 100 && got.other.length >= 100);
    stopping.abort();
    await Promise.all(reading);
    assertEquals(got.shared.sort((a, b) => a - b), all);
    assertEquals(got.other.sort((a, b) => a - b), all);
  },
);

test(
  "kafka: a member whose id another process has says so, and goes on when that one is gone",
  { skip },
  async () => {
    await using driver = await Driver.open("kafka", {
      kafka: {
        "bootstrap.servers": cluster!.servers,
        "group.instance.id": "copied",
        "heartbeat.interval.ms": 200,
        "session.timeout.ms": 6000,
      },
    });
    await driver.createTopic("one", { num_partitions: 1 });
    await using topic = await driver.openTopic("one");
    await using producer = topic.producer();
    await using consumer = topic.consumer("reader");
    await producer.push(0);
    await (await consumer.pull()).acknowledge();
    const other = new ClientConsumer({
      clientId: "another process",
      bootstrapBrokers: cluster!.servers.split(","),
      groupId: "reader",
      groupInstanceId: "copied-1-one",
      protocols: [{ name: "roundrobin", version: 1 }],
      heartbeatInterval: 200,
      sessionTimeout: 6000,
    });
    try {
      other.topics.track("one");
      await other.joinGroup({});
      const { memberId } = other;
      for (let n = 0; n < 3; n++) {
        await assertRejects(
          async () => await consumer.pull(),
          BrokerError,
          "group.instance.id",
        );
      }
      assertEquals((await topic.members("reader")).map(({ id }) => id), [memberId!]);
      await other.leaveGroup();
    } finally {
      await other.close(true);
    }
    await producer.push(1);
    const next = async (): Promise<unknown> => {
      try {
        return (await consumer.pull()).metadata;
      } catch {
        return await next();
      }
    };
    assertEquals(await next(), 1);
  },
);
