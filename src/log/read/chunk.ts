import { isMissing } from "../../storage/port.ts";
import { KIND } from "../format/bytes.ts";
import { core } from "../format/core/core.ts";
import { decodeSums, type Extent } from "../format/frame_body.ts";
import type { Partition } from "../partition.ts";
import { intactHead } from "../segment/frame_check.ts";
import { step } from "../segment/frame_scanner.ts";
import { StoredData } from "./data.ts";

/** A piece of a large data part. `id` is the event that it is read for, which is named when it is damaged. */
export function openChunk(partition: Partition, extent: Extent, id: number): StoredData {
  try {
    return openListedChunk(partition, extent, id);
  } catch (error) {
    if (!isMissing(error)) throw error;
    // The segment that followed was removed since it was listed: mostly this one was, too, and its event is gone.
    partition.segments.release(extent.segmentId);
    return openListedChunk(partition, extent, id);
  }
}

function openListedChunk(partition: Partition, extent: Extent, id: number): StoredData {
  const segment = partition.segmentOf(extent.segmentId, id);
  const problem = (reason: string) =>
    partition.corrupted({ firstId: id, endId: id + 1, file: segment.path, offset: extent.offset, reason });
  let found = step(segment, extent.offset, 4096);
  if (found.kind !== "frame") {
    // A listing tells which segment follows, and so where this one ends.
    partition.segmentIds();
    found = step(segment, extent.offset, 4096);
  }
  if (found.kind !== "frame") throw problem("a data chunk is damaged");
  const record = found.frame;
  if (record.kind !== KIND.chunk || record.dataBytes !== extent.dataBytes) {
    throw problem("a data chunk is not where its event says");
  }
  const at = intactHead(found);
  if (at < 0) throw problem("the checksums of a data chunk are damaged");
  const { layout } = record;
  return new StoredData({
    partition,
    segment,
    offset: extent.offset + layout.data,
    dataBytes: record.dataBytes,
    sums: decodeSums(core.view, at + layout.blockSums, at + layout.data),
  });
}
