import type { Cluster } from "./cluster.ts";
import { leaderless } from "./failure.ts";
import { requestMetadata } from "./metadata.ts";

/** The last epoch up to the requested one that the leader of a partition knows, and where it ends there. */
export interface EpochEnd {
  /** -1 if it knows no such epoch. */
  epoch: number;
  endId: number;
}

interface EpochAnswer {
  topics: [{ partitions: [{ leaderEpoch: number; endOffset: bigint }] }];
}

/** Asks the leader of a partition once; throws its error, or the client's. */
export async function findEpochEnd(
  cluster: Cluster,
  { kafkaName: name, partition, epoch }: { kafkaName: string; partition: number; epoch: number },
): Promise<EpochEnd> {
  const what = `read topic "${name}"`;
  const topic = await cluster.run(what, (admin) => requestMetadata(admin, [name]));
  const leader = topic.get(name)?.leaders[partition];
  if (leader === undefined) throw leaderless(cluster.servers, what, partition);
  const partitions = [{ partitionIndex: partition, currentLeaderEpoch: -1, leaderEpoch: epoch }];
  const { topics: [{ partitions: [found] }] } = await cluster.requestAdmin<EpochAnswer>(leader, {
    name: "OffsetForLeaderEpoch",
    // As a client, not a replica.
    parameters: [-1, [{ name, partitions }]],
  });
  return { epoch: found.leaderEpoch, endId: Number(found.endOffset) };
}
