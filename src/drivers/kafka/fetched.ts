import type { Buffer } from "node:buffer";
import { IS_DAMAGED } from "./checked_fetch.ts";
import type { ClientConsumer } from "./client.ts";

const IS_LOG_APPEND_TIME = 1 << 3;
const IS_CONTROL = 1 << 5;

/** The part of a fetch response for one partition. */
export type FetchedPartition = Awaited<
  ReturnType<ClientConsumer["fetch"]>
>["responses"][number]["partitions"][number];
type FetchedBatch = NonNullable<FetchedPartition["records"]>[number];

/** One stored record. */
export interface FetchedRecord {
  offset: number;
  /** In milliseconds since 1970. */
  timestamp: number;
  value: Buffer | null | undefined;
}

/** The relevant content of a batch. */
export interface FetchedRecords {
  records: FetchedRecord[];
  /** The first offset of the following batch. */
  nextOffset: number;
  /** Whether there was a checksum mismatch; then there are no records. */
  isDamaged: boolean;
}

/** The records of a batch from an offset on: brokers return whole batches. */
export function recordsOf(batch: FetchedBatch, from: number): FetchedRecords {
  const first = Number(batch.firstOffset);
  const nextOffset = Math.max(from, first + batch.lastOffsetDelta + 1);
  const records: FetchedRecord[] = [];
  // Transaction markers have offsets, but are not events.
  if (batch.attributes & IS_CONTROL) return { records, nextOffset, isDamaged: false };
  const firstTimestamp = Number(batch.firstTimestamp);
  const ownTime = batch.attributes & IS_LOG_APPEND_TIME ? Number(batch.maxTimestamp) : undefined;
  for (const { offsetDelta, timestampDelta, value } of batch.records) {
    const offset = first + offsetDelta;
    if (offset < from) continue;
    records.push({ offset, timestamp: ownTime ?? firstTimestamp + Number(timestampDelta), value });
  }
  return { records, nextOffset, isDamaged: (batch.attributes & IS_DAMAGED) !== 0 };
}

/** Whether the broker's log has other events below the fetch offset than were fetched. */
export function isDiverging({ divergingEpoch }: FetchedPartition): boolean {
  // Requests before version 12 do not have it.
  return divergingEpoch !== undefined && divergingEpoch.endOffset >= 0n;
}

/** Errors of individual partitions; undefined if the error is about something else. */
export function partitionFaults(error: unknown): Map<number, string> | undefined {
  const { errors, response } = error as {
    errors?: { path?: string; apiId?: string }[];
    response?: { responses?: { partitions: { partitionIndex: number }[] }[] };
  };
  if (!Array.isArray(errors) || errors.length === 0 || !Array.isArray(response?.responses)) return undefined;
  const faults = new Map<number, string>();
  for (const { path, apiId } of errors) {
    const [, topic, partition] = /^\/responses\/(\d+)\/partitions\/(\d+)/.exec(path ?? "") ?? [];
    const found = response.responses[Number(topic)]?.partitions[Number(partition)]?.partitionIndex;
    if (found === undefined) return undefined;
    faults.set(found, apiId ?? "");
  }
  return faults;
}
