import { BrokerError } from "../../errors.ts";
import type { Cluster } from "./cluster.ts";

/** The positions of groups in a topic. */
export interface GroupPositions {
  /** By partition, of each group that has some. */
  known: Map<string, Map<number, number>>;
  /** Groups whose positions may not be read, and why. */
  refused: Map<string, BrokerError>;
}

/** A position as it is stored. */
export interface StoredPosition {
  position: number;
  /** That of the leader that stored the event before it; -1 if it was not committed. */
  epoch: number;
}

/** What brokers answer about one group. */
interface AnsweredTopic {
  name: string;
  partitions: readonly {
    partitionIndex: number;
    committedOffset: bigint;
    committedLeaderEpoch?: number;
  }[];
}

const NOT_ALLOWED = "GROUP_AUTHORIZATION_FAILED";
/** Errors of a single group: one we may not read, or that was deleted meanwhile. */
const OF_ONE = [NOT_ALLOWED, "GROUP_ID_NOT_FOUND"];

/** The committed positions of all groups in a topic. */
export async function positionsOfAll(cluster: Cluster, kafkaName: string): Promise<GroupPositions> {
  const groups = await cluster.ask("list consumers", async (admin) =>
    [...(await admin.listGroups()).values()]
      .filter(({ groupType }) => groupType !== "share" && groupType !== "streams").map(({ id }) => id));
  const positions: GroupPositions = { known: new Map(), refused: new Map() };
  await addPositions(cluster, kafkaName, groups, positions);
  return positions;
}

async function addPositions(
  cluster: Cluster,
  kafkaName: string,
  groups: readonly string[],
  positions: GroupPositions,
): Promise<void> {
  if (groups.length === 0) return;
  try {
    const what = groups.length === 1
      ? `read the positions of "${groups[0]}"`
      : "read the positions of consumers";
    const answers = await cluster.ask(
      what,
      (admin) => admin.listConsumerGroupOffsets({ groups: [...groups] }),
    );
    for (const { groupId, topics } of answers) {
      const own = positionsIn(topics, kafkaName);
      if (own.size > 0) {
        positions.known.set(
          groupId,
          new Map(Array.from(own, ([partition, { position }]) => [partition, position])),
        );
      }
    }
  } catch (error) {
    if (!(error instanceof BrokerError) || !OF_ONE.includes(error.reason ?? "")) throw error;
    if (groups.length > 1) {
      // The answer is about all of them.
      const middle = groups.length >> 1;
      await addPositions(cluster, kafkaName, groups.slice(0, middle), positions);
      await addPositions(cluster, kafkaName, groups.slice(middle), positions);
    } else if (error.reason === NOT_ALLOWED) positions.refused.set(groups[0]!, error);
  }
}

/** A group's positions in one topic, by partition. */
export function positionsIn(
  topics: readonly AnsweredTopic[],
  kafkaName: string,
): Map<number, StoredPosition> {
  const partitions = topics.find(({ name }) => name === kafkaName)?.partitions ?? [];
  return new Map(
    partitions.filter(({ committedOffset }) => committedOffset >= 0n)
      .map(({ partitionIndex, committedOffset, committedLeaderEpoch: epoch = -1 }) => [
        partitionIndex,
        { position: Number(committedOffset), epoch },
      ]),
  );
}
