import type { StartPosition } from "../../contract.ts";
import { ClosedError, type DiasporaError } from "../../errors.ts";
import type { Cluster } from "./cluster.ts";
import { isFault, isPassing, leaderless } from "./failure.ts";
import { askMetadata, type Leader } from "./metadata.ts";

/** What Kafka takes for a time where an end of the log is meant. */
const LATEST = -1n;
const EARLIEST = -2n;
const NEWEST = -3n;

/** How long leaders are waited for that are needed, in milliseconds. */
const PATIENT_MS = 30_000;
/** How long where an answer about the other partitions does, in milliseconds. */
const HASTY_MS = 700;
/** How long a broker may be silent before the others' answers are given without its own, in milliseconds. */
const SILENT_MS = 5000;

/** An offset and the time of its record; -1 where there is none. */
export interface TimedOffset {
  offset: number;
  timestamp: number;
}

/** What leaders say of their partitions, and why there is no answer about the others. */
export interface Listing {
  found: Map<number, TimedOffset>;
  faults: Map<number, DiasporaError>;
}

/** The ends of partitions that can be asked for. */
export const LOG_ENDS = { latest: LATEST, earliest: EARLIEST, newest: NEWEST, oldest: 0n } as const;

/** One partition in an answer about offsets. */
interface ListedPartition {
  partitionIndex: number;
  errorCode: number;
  offset: bigint;
  timestamp: bigint;
}

interface ListedTopics {
  topics: { partitions: ListedPartition[] }[];
}

/** Offsets of a topic's partitions: ends, times, and the positions that groups stored. */
export class Offsets {
  constructor(private readonly cluster: Cluster, private readonly kafkaName: string) {}

  /** First offset that is there, by partition. */
  earliest(partitions: readonly number[]): Promise<Map<number, number>> {
    return this.#list(partitions, EARLIEST).then(offsetsIn);
  }

  /** The offset that the next record gets, by partition. */
  latest(partitions: readonly number[]): Promise<Map<number, number>> {
    return this.#list(partitions, LATEST).then(offsetsIn);
  }

  /** First record that is not older than a time; -1 where all are older. */
  since(partitions: readonly number[], timeMs: number): Promise<Map<number, TimedOffset>> {
    return this.#list(partitions, timeOf(timeMs)).then(({ found }) => found);
  }

  /** The offset that a position stands for, by partition; one after the end is the end. */
  resolve(partitions: readonly number[], to: StartPosition): Promise<Map<number, number>> {
    return this.#resolve(partitions, to, PATIENT_MS);
  }

  /** The same, without partitions that cannot be asked about now. */
  resolveKnown(partitions: readonly number[], to: StartPosition): Promise<Map<number, number>> {
    return this.#resolve(partitions, to, HASTY_MS);
  }

  async #resolve(
    partitions: readonly number[],
    to: StartPosition,
    msMax: number,
  ): Promise<Map<number, number>> {
    const list = async (timestamp: bigint): Promise<Map<number, number>> =>
      offsetsIn(await this.#list(partitions, timestamp, msMax));
    if (to === "earliest") return await list(EARLIEST);
    const latest = await list(LATEST);
    if (to === "latest") return latest;
    if ("id" in to) {
      return new Map(Array.from(latest, ([partition, end]) => [partition, Math.min(to.id, end)]));
    }
    const since = await list(timeOf(Number(to.time)));
    return new Map(
      Array.from(since).filter(([partition]) => latest.has(partition))
        .map(([partition, offset]) => [partition, offset < 0 ? latest.get(partition)! : offset]),
    );
  }

  /** Where a group continues, by partition; without those where it stored nothing. */
  async stored(group: string, partitions: readonly number[]): Promise<Map<number, number>> {
    const answer = await this.cluster.run(`read the positions of "${group}"`, async (admin) => {
      const topics = [{ name: this.kafkaName, partitionIndexes: [...partitions] }];
      try {
        return await admin.listConsumerGroupOffsets({ groups: [{ groupId: group, topics }] });
      } catch (error) {
        // Apache's brokers answer with an empty list for a group that never was; others with this.
        if (isFault(error, "GROUP_ID_NOT_FOUND")) return [];
        throw error;
      }
    });
    return this.#positionsIn(answer[0]?.topics ?? []);
  }

  /** Where every group continues that stored something. */
  async storedByAll(): Promise<Map<string, Map<number, number>>> {
    return await this.cluster.run("list consumers", async (admin) => {
      const groups = [...(await admin.listGroups()).values()]
        .filter(({ groupType }) => groupType !== "share" && groupType !== "streams").map(({ id }) => id);
      if (groups.length === 0) return new Map();
      const answers = await admin.listConsumerGroupOffsets({ groups });
      return new Map(
        answers.map((
          { groupId, topics },
        ): [string, Map<number, number>] => [groupId, this.#positionsIn(topics)])
          .filter(([, positions]) => positions.size > 0),
      );
    });
  }

  /** Stores positions of a group that has no members. */
  async store(group: string, positions: ReadonlyMap<number, number>): Promise<void> {
    await this.cluster.run(`store the position of "${group}"`, async (admin) => {
      const partitionOffsets = Array.from(
        positions,
        ([partition, offset]) => ({ partition, offset: BigInt(offset) }),
      );
      await admin.alterConsumerGroupOffsets({
        groupId: group,
        topics: [{ name: this.kafkaName, partitionOffsets }],
      });
    });
  }

  /** Forgets the positions of a group that has no members. */
  async forget(group: string, partitions: readonly number[]): Promise<void> {
    await this.cluster.run(`forget the positions of "${group}"`, async (admin) => {
      try {
        await admin.deleteConsumerGroupOffsets({
          groupId: group,
          topics: [{ name: this.kafkaName, partitionIndexes: [...partitions] }],
        });
      } catch (error) {
        if (!isFault(error, "GROUP_ID_NOT_FOUND")) throw error;
      }
    });
  }

  /** Asks about one end, and takes no answer for one after a moment: partitions without a leader keep none back. */
  listKnown(partitions: readonly number[], end: keyof typeof LOG_ENDS): Promise<Listing> {
    return this.#ask(partitions, LOG_ENDS[end], HASTY_MS);
  }

  /** One end of those partitions that can be asked about now. */
  async known(partitions: readonly number[], end: keyof typeof LOG_ENDS): Promise<Map<number, number>> {
    return offsetsIn(await this.listKnown(partitions, end));
  }

  /** Throws where a partition is missing, unless an answer about the others does. */
  async #list(partitions: readonly number[], timestamp: bigint, msMax = PATIENT_MS): Promise<Listing> {
    const listing = await this.#ask(partitions, timestamp, msMax);
    if (msMax === PATIENT_MS) { for (const fault of listing.faults.values()) throw fault; }
    return listing;
  }

  /** Asks each leader, again while that may help and there is time. */
  async #ask(partitions: readonly number[], timestamp: bigint, msMax: number): Promise<Listing> {
    const what = `read the offsets of topic "${this.kafkaName}"`;
    const beganMs = Date.now();
    const found: Listing["found"] = new Map();
    let missing = partitions;
    for (let attempt = 1;; attempt++) {
      const topic = await this.cluster.run(what, (admin) => askMetadata(admin, [this.kafkaName]));
      const faults = new Map<number, unknown>();
      const byLeader = new Map<number, { leader: Leader; led: number[] }>();
      for (const partition of missing) {
        const leader = topic.get(this.kafkaName)?.leaders[partition];
        if (leader === undefined) faults.set(partition, leaderless(this.cluster.servers, what, partition));
        else {
          const asked = byLeader.get(leader.id) ?? { leader, led: [] };
          byLeader.set(leader.id, { leader, led: [...asked.led, partition] });
        }
      }
      await Promise.all(Array.from(byLeader.values(), async ({ leader, led }) => {
        const silentMs = msMax === HASTY_MS ? SILENT_MS : undefined;
        const answer = await this.#askLeader(leader, led, timestamp, silentMs);
        for (const partition of led) {
          const known = answer.found.get(partition);
          if (known === undefined) faults.set(partition, answer.fault);
          else found.set(partition, known);
        }
      }));
      if (faults.size === 0) return { found, faults: new Map() };
      const hopeless = [...faults.values()].find((fault) => !isPassing(fault));
      if (hopeless !== undefined) throw this.cluster.failure(hopeless, what, Date.now() - beganMs);
      const delayMs = this.cluster.retryDelay(undefined, what, attempt);
      if (Date.now() - beganMs + delayMs > msMax) {
        const triedMs = Date.now() - beganMs;
        return {
          found,
          faults: new Map(
            Array.from(faults, ([partition, fault]) => [
              partition,
              this.cluster.failure(fault, `${what} partition ${partition}`, triedMs),
            ]),
          ),
        };
      }
      missing = [...faults.keys()];
      await this.cluster.pause(delayMs);
      if (this.cluster.isClosed) throw new ClosedError("the octopus driver");
    }
  }

  /** What one leader answers; what it says of one partition keeps back no other. */
  async #askLeader(
    leader: Leader,
    led: readonly number[],
    timestamp: bigint,
    silentMs: number | undefined,
  ): Promise<{ found: Map<number, TimedOffset>; fault: unknown }> {
    const partitions = led.map((partitionIndex) => ({ partitionIndex, currentLeaderEpoch: -1, timestamp }));
    const parameters = [-1, 0, [{ name: this.kafkaName, partitions }]];
    let answer: ListedTopics;
    let fault: unknown = new Error("the broker left the partition out of its answer");
    try {
      const asking = this.cluster.askAdmin<ListedTopics>(leader, { name: "ListOffsets", parameters });
      answer = await (silentMs === undefined ? asking : this.cluster.within(silentMs, asking));
    } catch (error) {
      fault = error;
      const partial = (error as { response?: ListedTopics }).response;
      if (partial === undefined) return { found: new Map(), fault };
      answer = partial;
    }
    return {
      found: new Map(
        answer.topics.flatMap((topic) => topic.partitions).filter(({ errorCode }) => errorCode === 0)
          .map(({ partitionIndex, offset, timestamp }) => [
            partitionIndex,
            { offset: Number(offset), timestamp: Number(timestamp) },
          ]),
      ),
      fault,
    };
  }

  #positionsIn(
    topics: readonly {
      name: string;
      partitions: readonly { partitionIndex: number; committedOffset: bigint }[];
    }[],
  ): Map<number, number> {
    const partitions = topics.find(({ name }) => name === this.kafkaName)?.partitions ?? [];
    return new Map(
      partitions.filter(({ committedOffset }) => committedOffset >= 0n)
        .map(({ partitionIndex, committedOffset }) => [partitionIndex, Number(committedOffset)]),
    );
  }
}

function offsetsIn({ found }: Listing): Map<number, number> {
  return new Map(Array.from(found, ([partition, { offset }]) => [partition, offset]));
}

function timeOf(ms: number): bigint {
  return BigInt(Math.max(0, Math.ceil(ms)));
}
