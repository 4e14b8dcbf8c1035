import type { ConsumerRequest } from "../../contract.ts";
import { EventGoneError } from "../../errors.ts";
import {
  type CursorFile,
  type Partition,
  PartitionReader,
  positionAt,
  type StoredPosition,
} from "../../log/mod.ts";
import type { SeekTarget } from "./consumer_folder.ts";
import { DeliveredFrames } from "./delivered_frames.ts";

/** A partition that a consumer reads. */
export interface AssignedPartition {
  partition: Partition;
  reader: PartitionReader;
  cursor: CursorFile;
  delivered: DeliveredFrames;
  /** The stored position if it does not match the log: the next acknowledgement replaces it. */
  stale: StoredPosition | undefined;
  /** The requested position was removed: thrown once, by the next read. */
  gone: EventGoneError | undefined;
}

/** Begins to read a partition. */
export function assign(
  partition: Partition,
  request: ConsumerRequest,
  cursor: CursorFile,
): AssignedPartition {
  const reader = new PartitionReader(partition, request);
  return { partition, reader, cursor, delivered: new DeliveredFrames(), stale: undefined, gone: undefined };
}

/** Where a partition is read, as a position to be stored. */
export function targetOf({ partition, reader }: AssignedPartition): SeekTarget {
  return { partition: partition.partition, ...positionAt(partition, reader.position) };
}

/**
 * Goes on with the first event that exists; the error says which, since more may have been removed meanwhile. Undefined
 * if the removal was withdrawn, because a writer needs what was to be removed: then it goes on where it was.
 */
export function passGone(
  { reader }: AssignedPartition,
  { partition, id }: EventGoneError,
): EventGoneError | undefined {
  reader.seek("earliest");
  if (reader.position > id) return new EventGoneError(partition, id, reader.position);
  reader.seek({ id });
  return undefined;
}
