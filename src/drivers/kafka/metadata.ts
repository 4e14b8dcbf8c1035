import type { Admin } from "./client.ts";
import type { BrokerPlace } from "./client_internals.ts";
import type { Cluster } from "./cluster.ts";
import { isUnknownTopic } from "./failure.ts";

/** What the cluster says of a topic now. */
export interface TopicMetadata {
  /** Tells a topic from one of the same name that was there before. */
  id: string;
  numPartitions: number;
  replicationFactor: number;
  /** Broker that leads each partition; undefined while none does. */
  leaders: (Leader | undefined)[];
}

/** A broker that leads a partition. */
export interface Leader extends BrokerPlace {
  id: number;
}

let requests = 0;

/**
 * Asks now. The client shares answers among those who ask the same at the same time, also one that was asked for
 * before something changed; it takes no limit of attempts for the same as another, and none below 1 is a retry.
 */
export async function askMetadata(admin: Admin, topics: string[]): Promise<Map<string, TopicMetadata>> {
  const answer = await admin.metadata({ topics: [...topics], forceUpdate: true, retries: -(++requests) });
  const found = new Map<string, TopicMetadata>();
  for (const topic of topics) {
    const metadata = answer.topics.get(topic);
    if (metadata === undefined) continue;
    found.set(topic, {
      id: metadata.id,
      numPartitions: metadata.partitionsCount,
      replicationFactor: metadata.partitions[0]?.replicas.length ?? 1,
      leaders: metadata.partitions.map(({ leader: id }) => {
        const place = answer.brokers.get(id);
        return place === undefined ? undefined : { id, host: place.host, port: place.port };
      }),
    });
  }
  return found;
}

/** What the cluster says of one topic; undefined if it is not there. */
export async function findTopic(cluster: Cluster, kafkaName: string): Promise<TopicMetadata | undefined> {
  return await cluster.run(`look for topic "${kafkaName}"`, async (admin) => {
    try {
      return (await askMetadata(admin, [kafkaName])).get(kafkaName);
    } catch (error) {
      if (isUnknownTopic(error)) return undefined;
      throw error;
    }
  });
}
