import type { Cluster } from "../client/cluster.ts";
import { leaderless } from "../client/failure.ts";
import { requestMetadata } from "../client/metadata.ts";

/** The last epoch up to the requested one that the leader of a partition knows, and where it ends there. */
interface EpochEnd {
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

/** Where the events of one leader begin. */
interface EpochRange {
  epoch: number;
  firstId: number;
}

/** How many leaders are remembered, the latest ones. */
const RANGES_MAX = 100;
/** Brokers take this to mean that the epoch is not known, and check nothing. */
const UNKNOWN = -1;

/**
 * The number ("epoch") of the leader that stored each of the events that were read. A log that was cut off by an
 * unclean election and written again has other events under the same ids; they are from another leader.
 */
export class LeaderEpochs {
  #ranges: EpochRange[] = [];
  #endId = 0;

  /** Events that were read, of one leader. */
  add(epoch: number, firstId: number, endId: number): void {
    const last = this.#ranges.at(-1);
    // Epochs only grow. No checksum covers that of a batch, so another one is damage: nothing is known from here on.
    if (epoch < 0 || (last !== undefined && epoch < last.epoch)) return this.clear();
    if (firstId !== this.#endId) this.#ranges = [];
    if (this.#ranges.at(-1)?.epoch !== epoch) this.#ranges.push({ epoch, firstId });
    if (this.#ranges.length > RANGES_MAX) this.#ranges.shift();
    this.#endId = endId;
  }

  /** The epoch of the event before an id; -1 if it was not read. */
  before(id: number): number {
    if (id > this.#endId) return UNKNOWN;
    return this.#ranges.findLast(({ firstId }) => firstId < id)?.epoch ?? UNKNOWN;
  }

  /**
   * The first id under which the leader has another event than was read, if any of those below `nextId`; `end` is its
   * answer for the epoch before `nextId`.
   */
  divergence({ epoch, endId }: EpochEnd, nextId: number): number | undefined {
    if (epoch === this.before(nextId) && endId >= nextId) return undefined;
    // It may have forgotten all that was read; where the two differ cannot be known then.
    if (epoch < 0 || endId < 0) return nextId;
    const ownEnd = this.#ranges.find((range) => range.epoch > epoch)?.firstId ?? nextId;
    return Math.min(endId, ownEnd, nextId);
  }

  /** Forgets those of events from an id on. */
  cutOff(id: number): void {
    this.#ranges = this.#ranges.filter(({ firstId }) => firstId < id);
    this.#endId = Math.min(this.#endId, id);
  }

  /** Forgets them all. */
  clear(): void {
    this.#ranges = [];
  }
}
