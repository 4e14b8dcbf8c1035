import type { GroupPartitionsAssigner } from "@platformatic/kafka";
import { Buffer } from "node:buffer";
import { assignPartitions } from "../../log/mod.ts";

/** What a member has when it joins again, which it tells the one that shares out. */
export interface Owned {
  /** Number of the change of the group with which it got them. */
  generation: number;
  /** Partitions by topic. */
  topics: Record<string, number[]>;
}

/** A client that is a member. */
interface Member {
  generationId: number;
  assignments: readonly { topic: string; partitions: readonly number[] }[] | null;
}

/** What a member had, as text that other programs in its group pass over. */
export function encodeOwned(
  generation: number,
  assignments: readonly { topic: string; partitions: readonly number[] }[],
): Buffer {
  const topics = Object.fromEntries(assignments.map(({ topic, partitions }) => [topic, partitions]));
  return Buffer.from(JSON.stringify({ generation, topics }));
}

/** How a member joins: by turns, as other programs call it, and with what it had. */
export class StickyProtocol {
  readonly name = "roundrobin";
  readonly version = 1;
  /** Of whom it speaks. */
  member: Member | undefined;

  /** Read at each joining; the client's own callback for it would ask the brokers for metadata first. */
  get metadata(): Buffer {
    return encodeOwned(this.member?.generationId ?? 0, this.member?.assignments ?? []);
  }
}

/**
 * Shares partitions out, each topic among those who subscribed to it: members of one name may read different topics,
 * which the client's own way leaves without partitions. As few as possible change hands, as far as members say what
 * they had: those of other programs, and of earlier versions, do not.
 */
export const stickyAssignor: GroupPartitionsAssigner = (_current, members, _topics, metadata) => {
  const ids = [...members.keys()].sort();
  const shares = new Map(ids.map((memberId) => [memberId, { memberId, assignments: new Map() }]));
  const owned = new Map(ids.map((id) => [id, decodeOwned(members.get(id)?.metadata)]));
  const counts = new Map(ids.map((id) => [id, 0]));
  for (
    const [topic, { partitionsCount }] of [...metadata.topics].sort(([one], [other]) => one < other ? -1 : 1)
  ) {
    // Who has less of the topics before comes first, and so to the larger shares.
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

/** Who had each partition last: of two that say so, the one that got it later. */
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

/** What a member says that it had; undefined where it says something else, or nothing. */
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
