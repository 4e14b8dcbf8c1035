// The coordinator of a consumer was down while its topic was deleted and made again. Brokers remove positions in a
// deleted topic, but that one did not hear of it, and named the old position for the new topic: the consumer passed over
// that many new events, and trimming by what all have acknowledged removed them. Brokers that are asked by the topic's id
// leave such a position out.
import { assertEquals, assertRejects } from "@std/assert";
import { TopicDeletedError } from "../../src/errors.ts";
import { Cluster } from "../../src/drivers/kafka/client/cluster.ts";
import { KnownPartitions } from "../../src/drivers/kafka/offsets/known_partitions.ts";
import { Offsets } from "../../src/drivers/kafka/offsets/offsets.ts";
import { readSettings } from "../../src/drivers/kafka/settings/settings.ts";
import { FakeBroker, TOPIC_ID } from "../drivers/kafka/fake_broker.ts";
import { test } from "../harness.ts";

const OLD_ID = "00000000-0000-0000-0000-000000000006";
const KNOWS_IDS = { said: 10, known: 10 };

interface Rig extends AsyncDisposable {
  broker: FakeBroker;
  /** The positions of a consumer in the topic with an id. */
  stored(id?: string): Promise<Map<number, number>>;
}

async function rig(prepare: (broker: FakeBroker) => void = () => {}): Promise<Rig> {
  const broker = await FakeBroker.start(1);
  prepare(broker);
  const cluster = await Cluster.connect(
    readSettings({ "bootstrap.servers": broker.address, "retry.backoff.ms": 1 }),
  );
  return {
    broker,
    stored: (id = TOPIC_ID) =>
      new Offsets(cluster, "t", { name: "t", id, partitions: new KnownPartitions(1) }).stored("reader", [0]),
    async [Symbol.asyncDispose]() {
      await cluster.close();
      await broker[Symbol.asyncDispose]();
    },
  };
}

test("a position in an earlier topic of the same name is none in this one", async () => {
  await using all = await rig();
  const { broker, stored } = all;
  broker.fetchVersion = KNOWS_IDS;
  assertEquals(await stored(), new Map([[0, 7]]));
  broker.position = { topicId: OLD_ID, offset: 7 };
  assertEquals(await stored(), new Map());
});

test("brokers that know topics by their names only are asked by the name", async () => {
  await using all = await rig();
  assertEquals(await all.stored(), new Map([[0, 7]]));
});

test("a broker that is older than the one that was asked what it knows is asked by the name", async () => {
  // It does not know the newest form of the question what it knows either, as brokers before 4.0 do not.
  await using all = await rig((broker) => broker.versionsVersion = { said: 4, known: 3 });
  let asked = 0;
  all.broker.fetchVersion = {
    get said() {
      return asked++ === 0 ? 10 : 9;
    },
    known: 9,
  };
  assertEquals(await all.stored(), new Map([[0, 7]]));
});

// Whatever interrupted the request, e.g. a restart of the coordinator, made the driver ask by the name once.
test("a coordinator that knows ids is asked by the id again after its connection was lost", async () => {
  await using all = await rig();
  all.broker.fetchVersion = KNOWS_IDS;
  all.broker.position = { topicId: OLD_ID, offset: 7 };
  all.broker.cuts = 1;
  assertEquals(await all.stored(), new Map());
  assertEquals(all.broker.cuts < 0, true, "it was interrupted, and asked again");
});

test("a coordinator that does not know a new topic yet is asked again", async () => {
  await using all = await rig();
  all.broker.fetchVersion = KNOWS_IDS;
  all.broker.unknowing = 2;
  assertEquals(await all.stored(), new Map([[0, 7]]));
});

test("the positions in a topic that was deleted are not those in the next one of that name", async () => {
  await using all = await rig();
  all.broker.fetchVersion = KNOWS_IDS;
  await assertRejects(() => all.stored(OLD_ID), TopicDeletedError);
});
