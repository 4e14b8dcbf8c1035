import type { StartPosition } from "../../contract.ts";
import type { Cluster } from "./cluster.ts";
import { isFault } from "./failure.ts";

/** What Kafka takes for a time where an end of the log is meant. */
const LATEST = -1n;
const EARLIEST = -2n;
const NEWEST = -3n;

/** An offset and the time of its record; -1 where there is none. */
interface TimedOffset {
  offset: number;
  timestamp: number;
}

/** Offsets of a topic's partitions: ends, times, and the positions that groups stored. */
export class Offsets {
  constructor(private readonly cluster: Cluster, private readonly kafkaName: string) {}

  /** First offset that is there, by partition. */
  earliest(partitions: readonly number[]): Promise<Map<number, number>> {
    return this.#only(this.#list(partitions, EARLIEST));
  }

  /** The offset that the next record gets, by partition. */
  latest(partitions: readonly number[]): Promise<Map<number, number>> {
    return this.#only(this.#list(partitions, LATEST));
  }

  /** First record that is not older than a time; -1 where all are older. */
  since(partitions: readonly number[], timeMs: number): Promise<Map<number, TimedOffset>> {
    return this.#list(partitions, BigInt(Math.max(0, Math.ceil(timeMs))));
  }

  /** The newest record. */
  newest(partitions: readonly number[]): Promise<Map<number, TimedOffset>> {
    return this.#list(partitions, NEWEST);
  }

  /** The offset that a position stands for, by partition; one after the end is the end. */
  async resolve(partitions: readonly number[], to: StartPosition): Promise<Map<number, number>> {
    if (to === "earliest") return await this.earliest(partitions);
    const latest = await this.latest(partitions);
    if (to === "latest") return latest;
    if ("id" in to) {
      return new Map(partitions.map((partition) => [partition, Math.min(to.id, latest.get(partition)!)]));
    }
    const since = await this.since(partitions, Number(to.time));
    return new Map(partitions.map((partition) => {
      const { offset } = since.get(partition)!;
      return [partition, offset < 0 ? latest.get(partition)! : offset];
    }));
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

  async #list(partitions: readonly number[], timestamp: bigint): Promise<Map<number, TimedOffset>> {
    const answer = await this.cluster.run(
      `read the offsets of topic "${this.kafkaName}"`,
      (admin) =>
        admin.listOffsets({
          topics: [{
            name: this.kafkaName,
            partitions: partitions.map((partitionIndex) => ({ partitionIndex, timestamp })),
          }],
        }),
    );
    return new Map(
      answer.flatMap((topic) => topic.partitions).map(({ partitionIndex, offset, timestamp }) => [
        partitionIndex,
        { offset: Number(offset), timestamp: Number(timestamp) },
      ]),
    );
  }

  async #only(listing: Promise<Map<number, TimedOffset>>): Promise<Map<number, number>> {
    return new Map(Array.from(await listing, ([partition, { offset }]) => [partition, offset]));
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
