// The connection to a broker broke after it had deleted a topic, or made one, and before it said so. The request was sent
// again, and the program got an error: that there was no such topic, or that there was one already.
import { assertEquals } from "@std/assert";
import { NetworkError, ResponseError } from "@platformatic/kafka";
import type { Cluster } from "../../src/drivers/kafka/client/cluster.ts";
import { isTransient } from "../../src/drivers/kafka/client/failure.ts";
import { TopicAdmin } from "../../src/drivers/kafka/admin/topic_admin.ts";
import { test } from "../harness.ts";

const UNKNOWN_TOPIC = 3;
const EXISTS = 36;
const NEW = {
  kafkaName: "t",
  localName: "t",
  numPartitions: 1,
  replicationFactor: 1,
  disableInfoTopic: undefined,
  configs: [],
};

/** A topicAdmin of topics in a cluster that has topic "t" or not; the first change is done, and not answered. */
function topicAdminOf({ exists, isLost }: { exists: boolean; isLost: boolean }): TopicAdmin {
  const change = (toExist: boolean, code: number): Promise<void> => {
    const isDone = exists !== toExist;
    exists = toExist;
    if (isLost) {
      isLost = false;
      return Promise.reject(new NetworkError("Connection closed"));
    }
    return isDone
      ? Promise.resolve()
      : Promise.reject(new ResponseError(19, 7, { "/topics/0": [code, null] }, undefined));
  };
  const found = { id: "i", partitionsCount: 1, partitions: [{ leader: 1, replicas: [1] }] };
  const admin = {
    createTopics: () => change(true, EXISTS),
    deleteTopics: () => change(false, UNKNOWN_TOPIC),
    metadata: () => Promise.resolve({ topics: new Map(exists ? [["t", found]] : []), brokers: new Map() }),
  };
  const run = async (what: string, work: (client: unknown) => Promise<unknown>): Promise<unknown> => {
    try {
      return await work(admin);
    } catch (error) {
      if (!isTransient(error)) throw error;
      return run(what, work);
    }
  };
  return new TopicAdmin({ run, pause: () => Promise.resolve() } as unknown as Cluster, undefined);
}

for (const isLost of [false, true]) {
  const what = isLost ? "although the answer was lost" : "as the answer says";
  test(`a topic was deleted, or was not there, ${what}`, async () => {
    assertEquals(await topicAdminOf({ exists: true, isLost }).delete("t", "t"), true);
    assertEquals(await topicAdminOf({ exists: false, isLost: false }).delete("t", "t"), false);
  });

  test(`a topic that no one else makes was created, or was there, ${what}`, async () => {
    const reserved = { ...NEW, isReserved: true };
    assertEquals(await topicAdminOf({ exists: false, isLost }).create(reserved), true);
    assertEquals(await topicAdminOf({ exists: true, isLost: false }).create(reserved), false);
    // Documents that another process may be writing.
    assertEquals(await topicAdminOf({ exists: true, isLost }).create(NEW), false);
  });
}
