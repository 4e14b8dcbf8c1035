// A broker of Kafka 2.8 that has just started does not know its topics for a moment, and says of each that it does
// not exist. Pushes were refused because the topic "was deleted", and readers ended for good. With several brokers each
// learns of a new topic at its own time: a consumer that was opened as soon as its topic had been created got an error
// of a leader that did not know it yet, and could never be used.
import { assertEquals, assertRejects } from "@std/assert";
import type { Cluster } from "../../src/drivers/kafka/client/cluster.ts";
import { isTopicDeleted } from "../../src/drivers/kafka/client/metadata.ts";
import { Offsets } from "../../src/drivers/kafka/offsets/offsets.ts";
import { type NewTopic, TopicAdmin } from "../../src/drivers/kafka/admin/topic_admin.ts";
import { test } from "../harness.ts";

/** What a topic is found to be, look after look: its id, or undefined where it is not found. */
async function conclusion(looks: (string | undefined)[]): Promise<{ deleted: boolean; unused: number }> {
  const answers = [...looks];
  const cluster = {
    run: () => {
      const id = answers.shift();
      return Promise.resolve(id === undefined ? undefined : { id });
    },
    pause: () => Promise.resolve(),
  };
  const deleted = await isTopicDeleted(cluster as unknown as Cluster, { kafkaName: "t", id: "first" });
  return { deleted, unused: answers.length };
}

test("a topic that a broker does not know at first is not deleted", async () => {
  assertEquals(await conclusion([undefined, "first"]), { deleted: false, unused: 0 });
  assertEquals(await conclusion([undefined, undefined, "first"]), { deleted: false, unused: 0 });
});

test("a topic that stays unknown is deleted, and so is one in whose place another is found", async () => {
  assertEquals(await conclusion([undefined, undefined, undefined]), { deleted: true, unused: 0 });
  assertEquals(await conclusion(["another", "first"]), { deleted: true, unused: 1 });
  assertEquals(await conclusion([undefined, "another"]), { deleted: true, unused: 0 });
});

test("a topic that is found is not looked for again", async () => {
  assertEquals(await conclusion(["first", "another"]), { deleted: false, unused: 1 });
});

const UNKNOWN = Object.assign(new Error("unknown"), { apiId: "UNKNOWN_TOPIC_OR_PARTITION", canRetry: true });
const LISTED = {
  topics: [{ partitions: [{ partitionIndex: 0, errorCode: 0, offset: 5n, timestamp: -1n }] }],
};

/** Three brokers, two of which lead a partition of topic "t"; `answer` is what a leader answers. */
function clusterOf(answer: (port: number) => unknown): { cluster: Cluster; asked: number[] } {
  const asked: number[] = [];
  const partitions = [1, 2, 1].map((leader) => ({ leader, replicas: [leader] }));
  const admin = {
    createTopics: () => Promise.resolve([]),
    metadata: () =>
      Promise.resolve({
        topics: new Map([["t", { id: "id", partitions, partitionsCount: 3 }]]),
        brokers: new Map([1, 2, 3].map((id) => [id, { host: "a", port: id }])),
      }),
  };
  const cluster = {
    servers: "a:1",
    run: (_: string, ask: (client: unknown) => unknown) => ask(admin),
    requestAdmin: async ({ port }: { port: number }) => {
      asked.push(port);
      const answered = answer(port);
      if (answered instanceof Error) throw answered;
      return await Promise.resolve(answered);
    },
    within: (_: number, awaited: Promise<unknown>) => awaited,
    retryDelay: () => 1,
    failure: (error: unknown) => error,
    pause: () => Promise.resolve(),
  };
  return { cluster: cluster as unknown as Cluster, asked };
}

test("a leader that does not know a topic yet is asked again for its offsets", async () => {
  const answers: unknown[] = [UNKNOWN, UNKNOWN, LISTED];
  const { cluster, asked } = clusterOf(() => answers.shift());
  assertEquals(await new Offsets(cluster, "t").resolve([0], "latest"), new Map([[0, 5]]));
  assertEquals(asked, [1, 1, 1]);
});

test("a leader that refuses is not asked again", async () => {
  const refused = Object.assign(new Error("no"), { apiId: "TOPIC_AUTHORIZATION_FAILED", canRetry: false });
  const { cluster, asked } = clusterOf(() => refused);
  await assertRejects(() => new Offsets(cluster, "t").resolve([0], "latest"), Error, "no");
  assertEquals(asked, [1]);
});

test("a topic is created once every leader of its partitions knows it, or cannot be asked", async () => {
  let looks = 0;
  const { cluster, asked } = clusterOf((port) =>
    port === 1 ? new Error("no answer") : ++looks < 3 ? UNKNOWN : {}
  );
  const topic: NewTopic = { kafkaName: "t", localName: "t", numPartitions: 3, configs: [] } as never;
  const topicAdmin = new TopicAdmin(cluster, undefined);
  assertEquals(await topicAdmin.create(topic), true);
  await topicAdmin.created("t");
  assertEquals(asked, [1, 2, 1, 2, 1, 2]);
});
