import type { GroupPartitionsAssigner } from "@platformatic/kafka";
import { Buffer } from "node:buffer";
import { assignPartitions } from "../../../groups/mod.ts";

/** The partitions that a rejoining member owned, which it reports to the group leader. */
interface Owned {
  /** The generation in which it was assigned them. */
  generation: number;
  /** Partitions by topic. */
  topics: Record<string, number[]>;
}

/** A client that is a member. */
interface Member {
  generationId: number;
  clearMetadata(): void;
  assignments: readonly { topic: string; partitions: readonly number[] }[] | null;
}

/** A member's owned partitions, encoded so that other programs in its group ignore them. */
export function encodeOwned(
  generation: number,
  assignments: readonly { topic: string; partitions: readonly number[] }[],
): Buffer {
  const topics = Object.fromEntries(assignments.map(({ topic, partitions }) => [topic, partitions]));
  return Buffer.from(JSON.stringify({ generation, topics }));
}

/** How a member joins: as `roundrobin`, the protocol name of other programs, with its owned partitions. */
export class StickyProtocol {
  readonly name = "roundrobin";
  readonly version = 1;
  /** The member it represents. */
  member: Member | undefined;

  /** Evaluated at each join; the client's own callback for it would request metadata from the brokers first. */
  get metadata(): Buffer {
    // If this member leads the group, it must know partitions that were added meanwhile.
    this.member?.clearMetadata();
    return encodeOwned(this.member?.generationId ?? 0, this.member?.assignments ?? []);
  }
}

/**
 * Assigns the partitions of each topic to its subscribers: members of one group may read different topics, which
 * the client's own assignor leaves without partitions. It moves as few partitions as possible, as far as members
 * report what they owned: other programs, and earlier versions, do not.
 */
export const stickyAssignor: GroupPartitionsAssigner = (_current, members, _topics, metadata) => {
  const ids = [...members.keys()].sort();
  const shares = new Map(ids.map((memberId) => [memberId, { memberId, assignments: new Map() }]));
  const owned = new Map(ids.map((id) => [id, decodeOwned(members.get(id)?.metadata)]));
  const counts = new Map(ids.map((id) => [id, 0]));
  for (
    const [topic, { partitionsCount }] of [...metadata.topics].sort(([one], [other]) => one < other ? -1 : 1)
  ) {
    // Members with fewer partitions of the earlier topics come first, and so get the larger shares.
    const readers = ids.filter((id) => members.get(id)?.topics?.includes(topic) === true)
      .sort((one, other) => counts.get(one)! - counts.get(other)!);
    if (readers.length === 0) continue;
    assignPartitions(readers, ownersOf(topic, partitionsCount, readers, owned)).forEach((id, partition) => {
      const { assignments } = shares.get(id!)!;
      const share = assignments.get(topic) ?? { topic, partitions: [] };
      share.partitions.push(partition);
      assignments.set(topic, share);
      counts.set(id!, counts.get(id!)! + 1);
    });
  }
  return [...shares.values()];
};

/** The last owner of each partition: if two claim it, the one with the later generation. */
function ownersOf(
  topic: string,
  partitionsCount: number,
  readers: readonly string[],
  owned: ReadonlyMap<string, Owned | undefined>,
): (string | undefined)[] {
  const owners = Array.from({ length: partitionsCount }, (): string | undefined => undefined);
  const since = owners.map(() => -Infinity);
  for (const id of readers) {
    const { generation = 0, topics = {} } = owned.get(id) ?? {};
    for (const partition of topics[topic] ?? []) {
      if (!(generation > (since[partition] ?? Infinity))) continue;
      owners[partition] = id;
      since[partition] = generation;
    }
  }
  return owners;
}

/** The partitions a member reports; undefined if it reports something else or nothing. */
function decodeOwned(metadata: Buffer | string | null | undefined): Owned | undefined {
  if (metadata === undefined || metadata === null || metadata.length === 0) return undefined;
  let said: Owned;
  try {
    said = JSON.parse(metadata.toString());
  } catch {
    return undefined;
  }
  const isOwned = Number.isSafeInteger(said?.generation) && typeof said.topics === "object" &&
    said.topics !== null && Object.values(said.topics).every((partitions) => Array.isArray(partitions));
  return isOwned ? said : undefined;
}
