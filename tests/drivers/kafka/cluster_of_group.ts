import type { Cluster } from "../../../src/drivers/kafka/client/cluster.ts";
import { Group } from "../../../src/drivers/kafka/consume/group.ts";

/** What a group uses of a cluster, with a client for its only member. */
export function clusterOfGroup(client: unknown): Cluster {
  return {
    settings: { group: {}, client: { metadataMaxAge: 300_000 } },
    servers: "test",
    consumer: () => client,
    run: (_: string, work: () => Promise<void>) => work(),
  } as unknown as Cluster;
}

/** A member of a group that reads a topic with one partition, and ignores what it hears of its partitions. */
export function memberOn(cluster: Cluster): Group {
  const topic = { name: "t", kafkaName: "t", numPartitions: 1 };
  const listener = { onReassigned: () => {}, onFailure: () => {}, epochBefore: () => -1 };
  return new Group(cluster, "name", topic, listener, undefined);
}
