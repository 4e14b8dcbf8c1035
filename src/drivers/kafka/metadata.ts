import type { Admin } from "./client.ts";
import type { Cluster } from "./cluster.ts";
import { isUnknownTopic } from "./failure.ts";

/** What the cluster says of a topic now. */
export interface TopicMetadata {
  /** Tells a topic from one of the same name that was there before. */
  id: string;
  numPartitions: number;
  replicationFactor: number;
  /** Broker that leads each partition; -1 while there is none. */
  leaders: number[];
}

let requests = 0;

/**
 * Asks now. The client shares answers among those who ask the same at the same time, also one that was asked for
 * before something changed; it takes no limit of attempts for the same as another, and none below 1 is a retry.
 */
export async function askMetadata(admin: Admin, topics: string[]): Promise<Map<string, TopicMetadata>> {
  let answer: Awaited<ReturnType<Admin["metadata"]>>;
  try {
    answer = await admin.metadata({ topics: [...topics], forceUpdate: true, retries: -(++requests) });
  } catch (error) {
    const partial = answerWithoutLeaders(error);
    if (partial !== undefined) return partial;
    throw error;
  }
  const found = new Map<string, TopicMetadata>();
  for (const topic of topics) {
    const metadata = answer.topics.get(topic);
    if (metadata === undefined) continue;
    found.set(topic, {
      id: metadata.id,
      numPartitions: metadata.partitionsCount,
      replicationFactor: metadata.partitions[0]?.replicas.length ?? 1,
      leaders: metadata.partitions.map(({ leader }) => leader),
    });
  }
  return found;
}

/** What the client's error about an answer has of it. */
interface AnswerError {
  errors?: unknown;
  cause?: unknown;
  path?: string;
  response?: {
    topics?: {
      name: string | null;
      topicId: string;
      isInternal?: boolean;
      partitions: { partitionIndex: number; leaderId: number; replicaNodes: number[] }[];
    }[];
  };
}

/**
 * The client throws away an answer of which one partition has no leader, and its error carries it. The others are
 * well: such an answer is one. Undefined where anything else is wrong.
 */
export function answerWithoutLeaders(error: unknown): Map<string, TopicMetadata> | undefined {
  const failed = responseErrorIn(error);
  if (failed === undefined) return undefined;
  const faults = failed.errors as { path?: string; apiId?: string }[];
  const isPartial = faults.every(({ path, apiId }) =>
    path?.includes("/partitions/") === true &&
    ["LEADER_NOT_AVAILABLE", "REPLICA_NOT_AVAILABLE", "LISTENER_NOT_FOUND"].includes(apiId ?? "")
  );
  if (!isPartial) return undefined;
  return new Map(
    failed.response!.topics!.filter(({ isInternal }) => isInternal !== true).map(
      ({ name, topicId, partitions }): [string, TopicMetadata] => {
        const sorted = [...partitions].sort((one, other) => one.partitionIndex - other.partitionIndex);
        return [name ?? "", {
          id: topicId,
          numPartitions: sorted.length,
          replicationFactor: sorted[0]?.replicaNodes.length ?? 1,
          leaders: sorted.map(({ leaderId }) => leaderId),
        }];
      },
    ),
  );
}

/** The innermost error that is about an answer and has it. */
function responseErrorIn(error: unknown): AnswerError | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const fault = error as AnswerError;
  const inner = Array.isArray(fault.errors) ? fault.errors : [];
  if (Array.isArray(fault.response?.topics) && inner.length > 0) return fault;
  for (const one of [...inner, fault.cause]) {
    const found = responseErrorIn(one);
    if (found !== undefined) return found;
  }
  return undefined;
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
