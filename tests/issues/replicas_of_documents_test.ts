// A topic's documents got three replicas, or the cluster's own default number of them where that was refused, whatever
// number the topic was given. On two brokers the documents of a topic with two replicas were on only one of them; and where
// the default was refused, too, or a policy allows no more than two replicas, no topic could be made.
import { assertEquals, assertRejects } from "@std/assert";
import { InvalidOptionError } from "../../mod.ts";
import type { Cluster } from "../../src/drivers/kafka/client/cluster.ts";
import { type NewTopic, TopicAdmin } from "../../src/drivers/kafka/admin/topic_admin.ts";
import { test } from "../harness.ts";

/** Brokers, and what decides how many replicas a topic may have. */
interface Brokers {
  running: number;
  /** How many replicas a topic has that does not say. */
  ownDefault: number;
  /** The most that a policy allows. */
  allowed?: number;
}

/** How many replicas a topic gets. */
async function replicasOf(
  { running, ownDefault, allowed = Infinity }: Brokers,
  { replicationFactor, isImportant }: Pick<NewTopic, "replicationFactor" | "isImportant">,
): Promise<number> {
  let made = 0;
  const admin = {
    createTopics({ replicas }: { replicas: number }) {
      const wanted = replicas < 0 ? ownDefault : replicas;
      const apiId = wanted > allowed
        ? "POLICY_VIOLATION"
        : wanted > running
        ? "INVALID_REPLICATION_FACTOR"
        : undefined;
      if (apiId !== undefined) return Promise.reject(Object.assign(new Error("refused"), { apiId }));
      made = wanted;
      return Promise.resolve([]);
    },
  };
  const cluster = { servers: "test", run: (_: string, work: (client: unknown) => unknown) => work(admin) };
  const names = { kafkaName: "t", localName: "t", numPartitions: 1, disableInfoTopic: true, configs: [] };
  const topic = { ...names, replicationFactor, isImportant };
  assertEquals(await new TopicAdmin(cluster as unknown as Cluster, undefined).create(topic), true);
  return made;
}

/** The same for the documents of a topic with that many replicas. */
function replicasOfDocuments(brokers: Brokers, replicationFactor: number | undefined): Promise<number> {
  return replicasOf(brokers, { replicationFactor, isImportant: true });
}

test("documents have three replicas, or as many as the topic if those are more", async () => {
  const brokers = { running: 5, ownDefault: 1 };
  assertEquals(
    await Promise.all([undefined, 1, 2, 3, 4].map((given) => replicasOfDocuments(brokers, given))),
    [3, 3, 3, 3, 4],
  );
  assertEquals(await replicasOf(brokers, { replicationFactor: 1, isImportant: false }), 1);
});

test("where brokers do not accept three replicas, documents have as many as their topic", async () => {
  for (const ownDefault of [1, 3]) {
    assertEquals(await replicasOfDocuments({ running: 2, ownDefault }, 2), 2);
    assertEquals(await replicasOfDocuments({ running: 2, ownDefault }, 1), 1);
  }
  assertEquals(await replicasOfDocuments({ running: 5, ownDefault: 2, allowed: 2 }, 2), 2);
  assertEquals(await replicasOfDocuments({ running: 2, ownDefault: 1 }, undefined), 1);
});

test("more replicas than brokers are refused for documents, too", async () => {
  const error = await assertRejects(
    () => replicasOfDocuments({ running: 3, ownDefault: 1 }, 4),
    InvalidOptionError,
  );
  assertEquals(error.option, "replication_factor");
});
