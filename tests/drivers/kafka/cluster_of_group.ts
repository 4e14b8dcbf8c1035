import type { Cluster } from "../../../src/drivers/kafka/cluster.ts";

/** What a group uses of a cluster, with a client for its only member. */
export function clusterOfGroup(client: unknown): Cluster {
  return {
    settings: { group: {}, client: { metadataMaxAge: 300_000 } },
    servers: "test",
    consumer: () => client,
    run: (_: string, work: () => Promise<void>) => work(),
  } as unknown as Cluster;
}
