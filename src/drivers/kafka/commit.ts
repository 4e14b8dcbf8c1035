import type { Cluster } from "./cluster.ts";

/** Positions to be committed: the next id by partition. */
export type Positions = ReadonlyMap<number, number>;
/** The epoch of the leader that stored the event before an id; -1 if it is unknown. */
export type EpochBefore = (partition: number, id: number) => number;

/** One topic in an OffsetCommit request. */
interface CommittedTopic {
  name: string;
  partitions: {
    partitionIndex: number;
    committedOffset: bigint;
    committedLeaderEpoch: number;
    committedMetadata: null;
  }[];
}

/** How a topic's positions are committed. */
export function committed(kafkaName: string, positions: Positions, epochBefore: EpochBefore): CommittedTopic {
  return {
    name: kafkaName,
    partitions: Array.from(positions, ([partitionIndex, id]) => ({
      partitionIndex,
      committedOffset: BigInt(id),
      committedLeaderEpoch: epochBefore(partitionIndex, id),
      committedMetadata: null,
    })),
  };
}

/** Commits positions of a group without members. */
export async function commitAlone(
  cluster: Cluster,
  { group, topic }: { group: string; topic: CommittedTopic },
): Promise<void> {
  const keyType = cluster.module.FindCoordinatorKeyTypes.GROUP;
  await cluster.run(`store the position of "${group}"`, async (admin) => {
    const [coordinator] = await admin.findCoordinator({ keyType, keys: [group] });
    // Neither a generation nor a member, nor an instance of one.
    const parameters = [group, -1, "", null, [topic]];
    await cluster.requestAdmin(coordinator!, { name: "OffsetCommit", parameters });
  });
}
