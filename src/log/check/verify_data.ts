import { CorruptedLogError, EventGoneError } from "../../errors.ts";
import { DATA_BLOCK_BYTES, FLAG, KIND, RECORD_BYTES } from "../format/bytes.ts";
import { extentsAddUp } from "../format/frame_body.ts";
import type { Partition } from "../partition.ts";
import type { FrameEntry } from "../segment/entries.ts";
import { damagedBlocks, eventsInBlocks, extentsOf } from "../segment/frame_check.ts";
import { type Step, step } from "../segment/frame_scanner.ts";
import type { Segment } from "../segment/segment_file.ts";
import { type Finding, saysUnreadable } from "./finding.ts";

/** A finding, without what is the same for all of a segment. */
export type Found = Pick<Finding, "severity" | "kind" | "offset" | "reason"> & Partial<Finding>;

/** The frame that a finding is about, where its offset does not say it. */
export function frameOf({ segment, offset, id }: FrameEntry): Finding["frame"] {
  return { segmentId: segment.baseId, offset, firstId: id };
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
  ) {
    this.neededId = segment.baseId;
  }

  /** The blocks of a frame's data whose checksums differ. */
  *blocks(entry: FrameEntry): Generator<Found> {
    const { id, offset: frameOffset, frame: { kind, layout } } = entry;
    const blocks = damagedBlocks(entry);
    const [first] = blocks;
    if (first === undefined) return;
    const offset = frameOffset + layout.data + first * DATA_BLOCK_BYTES;
    const damage = { offset, reason: "data checksum differs", frame: frameOf(entry) };
    if (kind === KIND.chunk) {
      this.noteChunk(frameOffset, offset, damage.reason);
      yield {
        severity: "damage",
        kind: "chunk",
        bytes: layout.frameBytes,
        firstId: id,
        endId: id,
        ...damage,
      };
      return;
    }
    const ranges = eventsInBlocks(entry, blocks);
    // No one's bytes any more: those of events that a repair gave up.
    if (ranges.length === 0) ranges.push({ first: 0, end: 0 });
    for (const { first, end } of ranges) {
      const severity = end > first ? "damage" : "redundant";
      yield { severity, kind: "data", firstId: id + first, endId: id + end, ...damage };
    }
  }

  /** An event whose data is in chunks is whole when they are. */
  *chunksOf(entry: FrameEntry): Generator<Found> {
    const { id, offset, frame: { flags } } = entry;
    const extents = extentsOf(entry);
    const { list } = extents;
    this.neededId = Math.min(this.neededId, ...list.map(({ segmentId }) => segmentId));
    if ((flags & FLAG.dataLost) !== 0) return;
    const problem = extentsAddUp(extents)
      ? list.map((extent) => this.#chunkProblem(extent)).find(Boolean)
      : { file: this.segment.path, offset, reason: "the sizes of its data chunks do not add up" };
    if (problem === undefined) return;
    yield { severity: "damage", kind: "data", firstId: id, endId: id + 1, ...problem, frame: frameOf(entry) };
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
