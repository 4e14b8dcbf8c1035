import { TopicDeletedError } from "../../../errors.ts";
import { type BrokerRequest, readingIds } from "../client/client_internals.ts";
import type { Cluster } from "../client/cluster.ts";
import { isClosedSilently, isUnknownTopic } from "../client/failure.ts";
import { isTopicDeleted } from "../client/metadata.ts";
import { findCoordinator } from "../client/moved_coordinator.ts";

/** From this version on, a topic has its id where it had its name: another topic of that name is not meant. */
const WITH_IDS = 10;
/** The tagged fields of the request; there are none. */
const NO_FIELDS = Uint8Array.of(0);

/** Positions to be committed: the next id by partition. */
export type Positions = ReadonlyMap<number, number>;
/** The epoch of the leader that stored the event before an id; -1 if it is unknown. */
export type EpochBefore = (partition: number, id: number) => number;

/** Who commits which positions. */
interface Commit {
  group: string;
  /** The generation, member and instance of a member; -1, an empty text and null without one. */
  member: { generation: number; id: string; instance: string | null };
  /** Without an id any topic of that name is accepted. */
  topic: { name: string; kafkaName: string; id?: string | undefined };
  positions: Positions;
  epochBefore: EpochBefore;
}

/**
 * Commits positions once. If the topic was deleted, throws `TopicDeletedError`: in another topic of the same name,
 * readers of the group would begin after events that none of them has read.
 */
export async function commitPositions(
  cluster: Cluster,
  commit: Commit,
  send: (request: BrokerRequest) => Promise<unknown>,
): Promise<void> {
  const { topic } = commit;
  try {
    if (topic.id !== undefined) {
      if (await cluster.newestVersion("OffsetCommit") >= WITH_IDS && await sendById(cluster, commit, send)) {
        return;
      }
      if (await isTopicDeleted(cluster, topic)) throw new TopicDeletedError(topic.name);
    }
    await send({ name: "OffsetCommit", parameters: parametersOf(commit) });
  } catch (error) {
    if (isUnknownTopic(error) && await isTopicDeleted(cluster, topic)) {
      throw new TopicDeletedError(topic.name);
    }
    throw error;
  }
}

/** Returns false if the connection was closed: by a broker older than the one that was asked what it knows, perhaps. */
async function sendById(
  { module: { Writer } }: Cluster,
  commit: Commit,
  send: (request: BrokerRequest) => Promise<unknown>,
): Promise<boolean> {
  const { group, member, topic } = commit;
  const payload = () =>
    Writer.create().appendString(group).appendInt32(member.generation).appendString(member.id)
      .appendString(member.instance).appendArray([topic.id!], (writer, id) => {
        writer.appendUUID(id).appendArray(partitionsOf(commit), (writer, partition) => {
          writer.appendInt32(partition.partitionIndex).appendInt64(partition.committedOffset)
            .appendInt32(partition.committedLeaderEpoch).appendString(partition.committedMetadata);
        });
      });
  const instead = { version: WITH_IDS, payload, rest: () => NO_FIELDS, parse: readingIds };
  try {
    await send({ name: "OffsetCommit", parameters: parametersOf(commit), instead });
    return true;
  } catch (error) {
    if (isClosedSilently(error)) return false;
    throw error;
  }
}

function parametersOf(commit: Commit): unknown[] {
  const { group, member: { generation, id, instance }, topic: { kafkaName } } = commit;
  return [group, generation, id, instance, [{ name: kafkaName, partitions: partitionsOf(commit) }]];
}

function partitionsOf({ positions, epochBefore }: Commit) {
  return Array.from(positions, ([partitionIndex, id]) => ({
    partitionIndex,
    committedOffset: BigInt(id),
    committedLeaderEpoch: epochBefore(partitionIndex, id),
    committedMetadata: null,
  }));
}

/** Commits positions of a group without members. */
export async function commitAlone(cluster: Cluster, commit: Omit<Commit, "member">): Promise<void> {
  const { group, topic } = commit;
  const member = { generation: -1, id: "", instance: null };
  const what = `store the position of "${group}" in topic "${topic.name}"`;
  await cluster.ask(what, async (admin) => {
    const coordinator = await findCoordinator(admin, cluster.module, group);
    await commitPositions(
      cluster,
      { ...commit, member },
      (request) => cluster.requestAdmin(coordinator!, request),
    );
  }, { topic: "Read", group: "Read" });
}
