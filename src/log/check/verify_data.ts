import { CorruptedLogError, EventGoneError } from "../../errors.ts";
import { DATA_BLOCK_BYTES, FLAG, KIND, RECORD_BYTES } from "../format/bytes.ts";
import { extentsAddUp } from "../format/frame_body.ts";
import type { Partition } from "../partition.ts";
import { damagedBlocks, eventsInBlocks, extentsOf, type FrameAt } from "../segment/frame_check.ts";
import { type Step, step } from "../segment/frame_scanner.ts";
import type { Segment } from "../segment/segment_file.ts";
import { type Finding, saysUnreadable } from "./finding.ts";

/** A finding, without what is the same for all of a segment. */
export type Found = Pick<Finding, "severity" | "kind" | "offset" | "reason"> & Partial<Finding>;

/** The frame that a finding is about, where its offset does not say it. */
export function frameOf({ baseId }: Segment, offset: number, firstId: number): Finding["frame"] {
  return { segmentId: baseId, offset, firstId };
}

/** Data chunks that are damaged, by segment and offset, so that the events that need them are named. */
export type DamagedChunks = Map<string, { file: string; offset: number; reason: string }>;

/** Checks the data of a segment's frames: their own, and the chunks they refer to. */
export class DataCheck {
  /** The oldest segment that holds data of an event in this one. */
  neededId: number;

  constructor(
    private readonly partition: Partition,
    private readonly segment: Segment,
    private readonly chunks: DamagedChunks,
    private readonly found: (found: Found) => Finding,
  ) {
    this.neededId = segment.baseId;
  }

  /** The blocks of a frame's data whose checksums differ. */
  *blocks(at: FrameAt, id: number): Generator<Finding> {
    const { offset, frame } = at;
    const blocks = damagedBlocks(at);
    const [first] = blocks;
    if (first === undefined) return;
    const blockAt = offset + frame.layout.data + first * DATA_BLOCK_BYTES;
    const reason = "data checksum differs";
    if (frame.kind === KIND.chunk) {
      this.noteChunk(offset, blockAt, reason);
      const bytes = frame.layout.frameBytes;
      yield this.found({
        severity: "damage",
        kind: "chunk",
        offset: blockAt,
        bytes,
        firstId: id,
        endId: id,
        reason,
        frame: frameOf(this.segment, offset, id),
      });
      return;
    }
    const ranges = eventsInBlocks(at, blocks);
    // No one's bytes any more: those of events that a repair gave up.
    if (ranges.length === 0) ranges.push({ first: 0, end: 0 });
    for (const { first, end } of ranges) {
      yield this.found({
        severity: end > first ? "damage" : "redundant",
        kind: "data",
        offset: blockAt,
        firstId: id + first,
        endId: id + end,
        reason,
        frame: frameOf(this.segment, offset, id),
      });
    }
  }

  /** An event whose data is in chunks is whole when they are. */
  *chunksOf(at: FrameAt, id: number): Generator<Finding> {
    const extents = extentsOf(at);
    const { list } = extents;
    this.neededId = Math.min(this.neededId, ...list.map(({ segmentId }) => segmentId));
    if ((at.frame.flags & FLAG.dataLost) !== 0) return;
    const problem = extentsAddUp(extents) ? list.map((extent) => this.#chunkProblem(extent)).find(Boolean) : {
      file: this.segment.path,
      offset: at.offset,
      reason: "the sizes of its data chunks do not add up",
    };
    if (problem === undefined) return;
    const frame = frameOf(this.segment, at.offset, id);
    yield this.found({ severity: "damage", kind: "data", firstId: id, endId: id + 1, ...problem, frame });
  }

  /** What is wrong with a chunk that an event refers to. */
  #chunkProblem(extent: { segmentId: number; offset: number; dataBytes: number }) {
    const { segmentId, offset, dataBytes } = extent;
    const known = this.chunks.get(chunkKey(segmentId, offset));
    if (known !== undefined) return known;
    let segment: Segment;
    let found: Step;
    try {
      segment = segmentId === this.segment.baseId
        ? this.segment
        : this.partition.segmentOf(segmentId, segmentId);
      found = step(segment, offset, RECORD_BYTES);
    } catch (error) {
      // A segment that cannot be read is named itself.
      if (saysUnreadable(error)) return undefined;
      if (!(error instanceof EventGoneError || error instanceof CorruptedLogError)) throw error;
      // The event is to go as well, although the removal did not come to its segment.
      if (this.segment.baseId < this.partition.listing().markedFirst) return undefined;
      return {
        file: this.segment.path,
        offset,
        reason: `segment ${segmentId}, which holds its data, is missing`,
      };
    }
    const isThere = found.kind === "frame" && found.frame.kind === KIND.chunk &&
      found.frame.dataBytes === dataBytes;
    return isThere
      ? undefined
      : { file: segment.path, offset, reason: "a data chunk is not where its event says" };
  }

  /** Keeps what is wrong with a chunk for the events that refer to it. */
  noteChunk(chunkOffset: number, offset: number, reason: string): void {
    this.chunks.set(chunkKey(this.segment.baseId, chunkOffset), { file: this.segment.path, offset, reason });
  }
}

function chunkKey(segmentId: number, offset: number): string {
  return `${segmentId}:${offset}`;
}
