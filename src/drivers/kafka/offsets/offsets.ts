import type { StartPosition } from "../../../contract.ts";
import { ClosedError, type DiasporaError } from "../../../errors.ts";
import type { Cluster } from "../client/cluster.ts";
import { committedPositions, type StoredPosition } from "./committed_positions.ts";
import { isFault, isTransient, isUnknownTopic, leaderless } from "../client/failure.ts";
import type { KnownPartitions } from "./known_partitions.ts";
import { type Leader, requestMetadata, type TopicMetadata } from "../client/metadata.ts";
import { ONE_BROKER_MS_MAX, RESEND_AFTER_MS } from "../client/known_brokers.ts";

/** A special timestamp by which Kafka means the end of the log. */
const LATEST = -1n;
const EARLIEST = -2n;
const NEWEST = -3n;

/** How long to wait for the leaders of partitions, in milliseconds. */
interface Patience {
  msMax: number;
  /** Since one of those missing last had a leader: another one is elected in a moment, or much later. */
  leaderlessMsMax: number;
}

/** If every partition is required; operators learn soon which of them has no leader. */
const REQUIRED: Patience = { msMax: 30_000, leaderlessMsMax: 2000 };
/** If a partial result will do. */
const PARTIAL: Patience = { msMax: 700, leaderlessMsMax: 700 };

/** An offset and the timestamp of its record; -1 if there is none. */
interface TimedOffset {
  offset: number;
  timestamp: number;
}

/** The offsets reported by leaders, and why those of other partitions are missing. */
export interface Listing {
  found: Map<number, TimedOffset>;
  faults: Map<number, DiasporaError>;
}

/** The special offsets of a partition. */
const LOG_ENDS = { latest: LATEST, earliest: EARLIEST, newest: NEWEST, oldest: 0n } as const;

/** One partition in a ListOffsets response. */
interface ListedPartition {
  partitionIndex: number;
  errorCode: number;
  offset: bigint;
  timestamp: bigint;
}

interface ListedTopics {
  topics: { partitions: ListedPartition[] }[];
}

/** An opened topic: another one of its name is not meant. */
interface OpenedOffsets {
  name: string;
  id: string;
  partitions: KnownPartitions;
}

/** Offsets of a topic's partitions: first and last ones, by time, and those committed by groups. */
export class Offsets {
  /** A request for metadata that is not on its way yet. */
  #asking: Promise<TopicMetadata | undefined> | undefined;

  constructor(
    private readonly cluster: Cluster,
    private readonly kafkaName: string,
    private readonly opened?: OpenedOffsets,
  ) {}

  /** The first record at or after a time; -1 if all are older. */
  since(partitions: readonly number[], timeMs: number): Promise<Map<number, TimedOffset>> {
    return this.#list(partitions, timeOf(timeMs)).then(({ found }) => found);
  }

  /**
   * The offset of a position, by partition; one after the end means the end. Throws if one is missing; programs may
   * wait longer for a leader than operators.
   */
  resolve(
    partitions: readonly number[],
    to: StartPosition,
    { leaderlessMsMax }: Pick<Patience, "leaderlessMsMax"> = REQUIRED,
  ): Promise<Map<number, number>> {
    return this.#resolve(partitions, to, { ...REQUIRED, leaderlessMsMax });
  }

  /** The same, without partitions that are unavailable now. */
  resolveKnown(partitions: readonly number[], to: StartPosition): Promise<Map<number, number>> {
    return this.#resolve(partitions, to, PARTIAL);
  }

  async #resolve(
    partitions: readonly number[],
    to: StartPosition,
    patience: Patience,
  ): Promise<Map<number, number>> {
    const list = async (timestamp: bigint): Promise<Map<number, number>> =>
      offsetsIn(await this.#list(partitions, timestamp, patience));
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

  /** The committed positions of a group, by partition; omits partitions without one. */
  async stored(group: string, partitions: readonly number[]): Promise<Map<number, number>> {
    const stored = await this.storedWithEpochs(group, partitions);
    return new Map(Array.from(stored, ([partition, { position }]) => [partition, position]));
  }

  /** The same with the epoch of the leader that stored the event before each; -1 if it was not committed. */
  async storedWithEpochs(
    group: string,
    partitions: readonly number[],
  ): Promise<Map<number, StoredPosition>> {
    const what = `read the positions of "${group}" in topic "${this.kafkaName}"`;
    const { kafkaName, opened: { name = kafkaName, id } = {} } = this;
    return await this.cluster.ask(what, async (admin) => {
      const wanted = { name, kafkaName, id, partitions };
      try {
        return (await committedPositions(this.cluster, admin, [group], wanted)).get(group) ?? new Map();
      } catch (error) {
        // Apache Kafka responds with an empty list for an unknown group; other brokers with this error.
        if (isFault(error, "GROUP_ID_NOT_FOUND")) return new Map();
        throw error;
      }
    });
  }

  /** Deletes the positions of a group without members. */
  async forget(group: string, partitions: readonly number[]): Promise<void> {
    const what = `delete the positions of "${group}" in topic "${this.kafkaName}"`;
    await this.cluster.ask(what, async (admin) => {
      try {
        await admin.deleteConsumerGroupOffsets({
          groupId: group,
          topics: [{ name: this.kafkaName, partitionIndexes: [...partitions] }],
        });
      } catch (error) {
        if (!isFault(error, "GROUP_ID_NOT_FOUND")) throw error;
      }
    }, { topic: "Read", group: "Delete" });
  }

  /**
   * Requests one special offset, and gives up on missing responses after a moment: partitions without a leader
   * delay no others.
   */
  listKnown(partitions: readonly number[], end: keyof typeof LOG_ENDS): Promise<Listing> {
    return this.#ask(partitions, LOG_ENDS[end], PARTIAL);
  }

  /** Requests one special offset of each partition; throws if one is missing. */
  listAll(partitions: readonly number[], end: keyof typeof LOG_ENDS): Promise<Listing> {
    return this.#list(partitions, LOG_ENDS[end]);
  }

  /** One special offset of those partitions that are available now. */
  async known(partitions: readonly number[], end: keyof typeof LOG_ENDS): Promise<Map<number, number>> {
    return offsetsIn(await this.listKnown(partitions, end));
  }

  /** Throws if a partition is missing, unless a partial result will do. */
  async #list(partitions: readonly number[], timestamp: bigint, patience = REQUIRED): Promise<Listing> {
    const listing = await this.#ask(partitions, timestamp, patience);
    if (patience !== PARTIAL) { for (const fault of listing.faults.values()) throw fault; }
    return listing;
  }

  /** Asks each leader, with retries where they may help and time permits. */
  async #ask(partitions: readonly number[], timestamp: bigint, patience: Patience): Promise<Listing> {
    const what = `read the offsets of topic "${this.kafkaName}"`;
    const beganMs = performance.now();
    let ledMs = beganMs;
    const found: Listing["found"] = new Map();
    let missing = partitions;
    for (let attempt = 1;; attempt++) {
      const topic = await this.#metadata(what);
      const faults = new Map<number, unknown>();
      const byLeader = new Map<number, { leader: Leader; led: number[] }>();
      for (const partition of missing) {
        const leader = topic?.leaders[partition];
        if (leader === undefined) faults.set(partition, leaderless(this.cluster.servers, what, partition));
        else {
          const asked = byLeader.get(leader.id) ?? { leader, led: [] };
          asked.led.push(partition);
          byLeader.set(leader.id, asked);
        }
      }
      await Promise.all(Array.from(byLeader.values(), async ({ leader, led }) => {
        const silentMs = patience === PARTIAL ? ONE_BROKER_MS_MAX : RESEND_AFTER_MS;
        const answer = await this.#askLeader(leader, led, timestamp, silentMs);
        for (const partition of led) {
          const known = answer.found.get(partition);
          if (known === undefined) faults.set(partition, answer.fault);
          else found.set(partition, known);
        }
      }));
      if (faults.size === 0) return { found, faults: new Map() };
      // The topic was found just now, so a leader that does not know it will.
      const hopeless = [...faults.values()].find((fault) => !isTransient(fault) && !isUnknownTopic(fault));
      if (hopeless !== undefined) throw this.cluster.failure(hopeless, what, performance.now() - beganMs);
      const delayMs = this.cluster.retryDelay(undefined, what, attempt);
      const nowMs = performance.now();
      if ([...faults.keys()].some((partition) => topic?.leaders[partition] !== undefined)) ledMs = nowMs;
      if (nowMs + delayMs > Math.min(beganMs + patience.msMax, ledMs + patience.leaderlessMsMax)) {
        const triedMs = nowMs - beganMs;
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

  /** The current metadata; those who ask at the same time share a request. */
  #metadata(what: string): Promise<TopicMetadata | undefined> {
    return this.#asking ??= Promise.resolve().then(async () => {
      // Those who ask from now on may know of something newer.
      this.#asking = undefined;
      const found = await this.cluster.run(what, (admin) => requestMetadata(admin, [this.kafkaName]));
      const topic = found.get(this.kafkaName);
      this.opened?.partitions.see(topic?.numPartitions ?? 0);
      return topic;
    });
  }

  /** Asks one leader; an error of one partition does not affect the others. */
  async #askLeader(
    leader: Leader,
    led: readonly number[],
    timestamp: bigint,
    silentMs: number,
  ): Promise<{ found: Map<number, TimedOffset>; fault: unknown }> {
    const partitions = led.map((partitionIndex) => ({ partitionIndex, currentLeaderEpoch: -1, timestamp }));
    const parameters = [-1, 0, [{ name: this.kafkaName, partitions }]];
    let answer: ListedTopics;
    let fault: unknown = new Error("the broker left the partition out of its answer");
    try {
      const asking = this.cluster.requestAdmin<ListedTopics>(leader, { name: "ListOffsets", parameters });
      answer = await this.cluster.within(silentMs, asking);
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
}

function offsetsIn({ found }: Listing): Map<number, number> {
  return new Map(Array.from(found, ([partition, { offset }]) => [partition, offset]));
}

function timeOf(ms: number): bigint {
  return BigInt(Math.max(0, Math.ceil(ms)));
}
