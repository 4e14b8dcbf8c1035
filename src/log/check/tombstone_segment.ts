import { encodePlain } from "../write/encoder.ts";
import { KIND, RECORD_BYTES, SEGMENT_HEADER_BYTES, type Signature } from "../format/bytes.ts";
import { tombstoneBytesMin, tombstones } from "./tombstone.ts";
import type { Partition } from "../partition.ts";
import { step } from "../segment/frame_scanner.ts";
import { encodeSegmentHeader, type SealedSegment } from "../format/segment_header.ts";

/** A segment all of whose events were lost: its header, frames that say so, a seal. */
export function encodeTombstoneSegment(
  header: { partition: number; baseId: number; created: number; after?: SealedSegment | undefined },
  endId: number,
  writer: { salt: number; nonceLow: number; nonceHigh: number },
): Uint8Array {
  const parts = [encodeSegmentHeader({ ...header, salt: writer.salt })];
  if (endId > header.baseId) {
    const bytes = tombstoneBytesMin(endId - header.baseId);
    const region = { offset: SEGMENT_HEADER_BYTES, bytes, firstId: header.baseId, endId };
    const signature = { ...writer, time: header.created };
    let sequence = 1;
    for (const frame of tombstones(region, { ...signature, sequence })) {
      parts.push(frame.bytes.slice());
      sequence++;
    }
    const seal: Signature = {
      ...signature,
      sequence,
      anchorId: endId,
      anchorOffset: SEGMENT_HEADER_BYTES + bytes,
    };
    parts.push(encodePlain(KIND.seal, seal).slice());
  }
  const content = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let offset = 0;
  for (const part of parts) {
    content.set(part, offset);
    offset += part.byteLength;
  }
  return content;
}

/** Where the segment in front of this one ends; undefined when it is not there or has no seal. */
export function sealedBefore(partition: Partition, baseId: number): SealedSegment | undefined {
  const previousId = partition.segmentIds().filter((id) => id < baseId).pop();
  if (previousId === undefined) return undefined;
  const segment = partition.segment(previousId);
  for (let offset = SEGMENT_HEADER_BYTES;;) {
    const next = step(segment, offset, RECORD_BYTES);
    if (next.kind === "tail") return undefined;
    if (next.kind === "frame" && next.frame.kind === KIND.seal) {
      return { baseId: previousId, sealOffset: offset, salt: segment.salt };
    }
    offset = next.endOffset;
  }
}
