import type { Topic } from "../../../mod.ts";
import type { ParsedArguments } from "../args/parsed.ts";
import { UsageError } from "../usage_error.ts";

/** The event that `--event` names. */
interface OneEvent {
  /** Undefined for the only partition. */
  partition: number | undefined;
  id: number;
}

/** Options that choose events themselves. */
const CHOOSING = [
  "from",
  "until",
  "max",
  "partition",
  "filter",
  "consumer",
  "follow",
  "tail",
  "ack",
  "group",
] as const;

/** Reads `--event PARTITION/ID`, or `--event ID` for a topic with one partition. */
export function oneEventOf(args: ParsedArguments): OneEvent | undefined {
  const text = args.text("event");
  if (text === undefined) return undefined;
  for (const name of CHOOSING) {
    if (args.text(name) === undefined && !args.flag(name)) continue;
    throw new UsageError(`"--event" and "--${name}" exclude each other`);
  }
  const [, partition, id] = /^(?:(\d+)\/)?(\d+)$/.exec(text.trim()) ?? [];
  const numbers = { partition: partition === undefined ? undefined : Number(partition), id: Number(id) };
  if (!Number.isSafeInteger(numbers.id)) {
    throw new UsageError(
      `Option "--event" takes PARTITION/ID, such as 0/15; found ${JSON.stringify(text)}`,
    );
  }
  return numbers;
}

/** The partition of that event. */
export function partitionOfEvent({ partition, id }: OneEvent, topic: Topic): number {
  if (partition !== undefined) return partition;
  const { length } = topic.partitions;
  if (length === 1) return 0;
  throw new UsageError(
    `Ids are those of a partition, and topic "${topic.name}" has ${length}: write PARTITION/ID, such as "0/${id}"`,
  );
}

/** The error for an event that is not there, with those that are. */
export async function eventMissing({ id }: OneEvent, partition: number, topic: Topic): Promise<Error> {
  const found = (await topic.describe()).find((description) => description.partition === partition);
  const { firstId = 0, nextId = 0 } = found ?? {};
  const there = nextId > firstId ? `its ids are ${firstId} to ${nextId - 1}` : "it is empty";
  return new Error(`There is no event ${id} in partition ${partition} of topic "${topic.name}": ${there}`);
}
