import type { Admin } from "../client.ts";
import type { BrokerAddress } from "./client_internals.ts";
import type { Cluster } from "./cluster.ts";
import { isUnknownTopic } from "./failure.ts";

/** The cluster's current metadata of a topic. */
export interface TopicMetadata {
  /** Distinguishes a topic from an earlier one of the same name. */
  id: string;
  numPartitions: number;
  replicationFactor: number;
  /** The leader of each partition; undefined if there is none. */
  leaders: (Leader | undefined)[];
}

/** A broker that leads a partition. */
export interface Leader extends BrokerAddress {
  id: number;
}

let requests = 0;

/**
 * Requests current metadata. The client shares the response among identical concurrent requests, even one sent
 * before something changed. A different number of retries makes requests differ, and any number below 1 means
 * none.
 */
export async function requestMetadata(admin: Admin, topics: string[]): Promise<Map<string, TopicMetadata>> {
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

/** A topic that is not found is looked for again: brokers may not know their topics yet when they have just started. */
const LOOKS = 3;
const LOOK_AGAIN_MS = 500;

/** Whether a topic does not exist any more, or is another one of the same name. */
export async function isTopicDeleted(
  cluster: Cluster,
  { kafkaName, id }: { kafkaName: string; id?: string | undefined },
): Promise<boolean> {
  for (let looks = 1;; looks++) {
    const found = await findTopic(cluster, kafkaName);
    if (found !== undefined) return id !== undefined && found.id !== id;
    if (looks === LOOKS) return true;
    await cluster.pause(LOOK_AGAIN_MS);
  }
}

/** The current metadata of one topic; undefined if it does not exist. */
export async function findTopic(cluster: Cluster, kafkaName: string): Promise<TopicMetadata | undefined> {
  return await cluster.run(`look for topic "${kafkaName}"`, async (admin) => {
    try {
      return (await requestMetadata(admin, [kafkaName])).get(kafkaName);
    } catch (error) {
      if (isUnknownTopic(error)) return undefined;
      throw error;
    }
  });
}

/** How long a broker may take to say whether it knows a topic, in milliseconds. */
const KNOWS_MS_MAX = 1000;

/** Whether brokers know a topic, which each learns at its own time; one that cannot be asked is not waited for. */
export async function doAllKnow(
  cluster: Cluster,
  brokers: Iterable<BrokerAddress>,
  kafkaName: string,
): Promise<boolean> {
  const asked = Array.from(brokers, async (broker) => {
    try {
      const asking = cluster.requestAdmin(broker, {
        name: "Metadata",
        parameters: [[kafkaName], false, false],
      });
      await cluster.within(KNOWS_MS_MAX, asking);
      return true;
    } catch (error) {
      return !isUnknownTopic(error);
    }
  });
  return (await Promise.all(asked)).every((knows) => knows);
}
