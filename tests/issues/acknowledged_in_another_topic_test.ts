// A topic was deleted and created again while a consumer had it open. An event of the old one was acknowledged, and the
// position counted in the new topic: after a restart the consumer began behind events that it had never read, without
// an error. Requests name the topic by its id now, where brokers know such requests, and elsewhere it is looked for.
import { assertEquals, assertRejects } from "@std/assert";
import { TopicDeletedError } from "../../mod.ts";
import { Cluster } from "../../src/drivers/kafka/client/cluster.ts";
import { commitAlone } from "../../src/drivers/kafka/offsets/commit.ts";
import { readSettings } from "../../src/drivers/kafka/settings/settings.ts";
import { FakeBroker, TOPIC_ID } from "../drivers/kafka/fake_broker.ts";
import { test } from "../harness.ts";

const NEW_ID = "00000000-0000-0000-0000-000000000008";

interface Rig extends AsyncDisposable {
  broker: FakeBroker;
  acknowledge(partition: number, id: number): Promise<void>;
}

async function rigWith(said: number, known: number): Promise<Rig> {
  const broker = await FakeBroker.start(2);
  broker.commitVersion = { said, known };
  const cluster = await Cluster.connect(
    readSettings({ "bootstrap.servers": broker.address, "retry.backoff.ms": 10 }),
  );
  const topic = { name: "t", kafkaName: "t", id: TOPIC_ID };
  return {
    broker,
    acknowledge: (partition, id) =>
      commitAlone(cluster, {
        group: "reader",
        topic,
        positions: new Map([[partition, id + 1]]),
        epochBefore: () => 3,
      }),
    async [Symbol.asyncDispose]() {
      await cluster.close();
      await broker[Symbol.asyncDispose]();
    },
  };
}

const BROKERS = [
  { name: "the topic's id", said: 10, known: 10, version: 10 },
  { name: "its name only", said: 9, known: 9, version: 9 },
  { name: "its name only, unlike the one that was asked", said: 10, known: 9, version: 9 },
];

for (const { name, said, known, version } of BROKERS) {
  test(`where brokers know ${name}, an event of a topic that was deleted is not acknowledged in the new one`, async () => {
    await using rig = await rigWith(said, known);
    const { broker, acknowledge } = rig;
    await acknowledge(0, 41);
    await acknowledge(1, 6);
    assertEquals(broker.commits, [[version, 0, 42], [version, 1, 7]]);
    broker.topicId = NEW_ID;
    await assertRejects(() => acknowledge(0, 42), TopicDeletedError);
    assertEquals(broker.commits.length, 2);
  });
}
