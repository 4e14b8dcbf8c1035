import type { StartPosition } from "../contract.ts";
import { KIND, RECORD_BYTES } from "./format/bytes.ts";
import { PartitionFolder } from "./segment/directory.ts";
import { type LogPosition, type Segment, startOf } from "./segment/segment_file.ts";
import { type IndexedPosition, SegmentIndex } from "./segment/index.ts";
import { entriesFrom, entryAt } from "./segment/entries.ts";
import { READ_AHEAD_BYTES } from "./segment/window.ts";
import { step } from "./segment/frame_scanner.ts";

/** A partition, and lookups in it by id and by time. */
export class Partition extends PartitionFolder {
  /**
   * The segment that holds an id, or the last one; undefined in a partition that was never written to. A caller that
   * makes several lookups lists the segments once, and passes `ids` to each.
   */
  segmentFor(id: number, ids: readonly number[] = this.segmentIds()): Segment | undefined {
    const index = Math.max(0, ids.findLastIndex((baseId) => baseId <= id));
    const baseId = ids[index];
    return baseId === undefined ? undefined : this.segment(baseId, ids[index + 1]);
  }

  /** Where the frame with this event begins, or the end of the log. */
  positionOfId(id: number, ids?: readonly number[]): LogPosition | undefined {
    const segment = this.segmentFor(id, ids);
    if (segment === undefined) return undefined;
    const index = new SegmentIndex(segment, this.indexIntervalBytes);
    return this.#advance(index, index.positionForId(id), (next) => next.endId > id);
  }

  /**
   * The frame boundary of the first event, in the order of ids, whose time is `time` (milliseconds since 1970) or
   * later; the end when there is none. It is the same for every reader, whatever the clock did: segments are looked
   * at in order, each by the newest time in it, and within one the index leads no further than the first entry
   * before which such a time was seen.
   */
  positionOfTime(time: number): LogPosition | undefined {
    const ids = this.segmentIds();
    for (const [index, baseId] of ids.entries()) {
      const nextId = ids[index + 1];
      const segment = this.segment(baseId, nextId);
      if (nextId !== undefined && newestTimeOfSealed(segment) < time) continue;
      const entries = new SegmentIndex(segment, this.indexIntervalBytes);
      const position = this.#advance(entries, entries.positionForTime(time), (next) => next.time >= time);
      if (nextId === undefined || position.id < nextId) return position;
    }
    return undefined;
  }

  /** The end: after the last whole frame of the last segment. */
  end(ids?: readonly number[]): LogPosition | undefined {
    return this.positionOfId(Number.MAX_SAFE_INTEGER, ids);
  }

  /** Whether it was ended for good: its topic was deleted. */
  hasEnded(): boolean {
    const end = this.end();
    if (end === undefined) return false;
    const entry = entryAt(end, RECORD_BYTES);
    return entry.kind === "end" && entry.terminal;
  }

  /** Time of the event with this id, in milliseconds since 1970; undefined when it is not there or is damaged. */
  timeOf(id: number, ids?: readonly number[]): number | undefined {
    const position = this.positionOfId(id, ids);
    return position === undefined ? undefined : this.timeAt(position);
  }

  /** Time of the frame at a position, in milliseconds since 1970; undefined when there is none or it is damaged. */
  timeAt(position: LogPosition): number | undefined {
    const entry = entryAt(position);
    return entry.kind === "frame" ? entry.frame.time : undefined;
  }

  /** The id that a start position means now. */
  resolve(to: StartPosition): number {
    return to === "earliest" ? this.firstId() : this.look(() => this.locate(to).id);
  }

  /**
   * The frame boundary at a start position, or before it, and the id that the position means: that of an event in the
   * frame or of a removed one, or after the end that of the end.
   */
  locate(to: StartPosition): { position: LogPosition | undefined; id: number } {
    if (typeof to === "object" && "id" in to) {
      const position = this.positionOfId(to.id);
      if (position === undefined) return { position, id: 0 };
      // The end is also where a removed event leads to, if there is none after it.
      return { position, id: isEnd(position) ? Math.min(to.id, position.id) : to.id };
    }
    const position = to === "earliest"
      ? this.positionOfId(0)
      : to === "latest"
      ? this.end()
      : this.positionOfTime(Number(to.time));
    return { position, id: position?.id ?? 0 };
  }

  /** Bytes of log between two positions, counting segment headers and seals between them. */
  bytesBetween(from: LogPosition, to: LogPosition, ids: readonly number[] = this.segmentIds()): number {
    const between = ids.filter((baseId) => baseId >= from.segment.baseId && baseId < to.segment.baseId);
    return between.reduce((bytes, baseId) => bytes + this.bytesOf(baseId), to.offset - from.offset);
  }

  /** The first position, from an indexed one on, that `reached` is true for; adds entries that the index lacks. */
  #advance(
    index: SegmentIndex,
    from: IndexedPosition,
    reached: (next: { endId: number; time: number }) => boolean,
  ): LogPosition {
    const { segment } = from;
    let { time: newestTime } = from;
    let position: LogPosition = from;
    try {
      for (const entry of entriesFrom(from)) {
        position = { segment, offset: entry.offset, id: entry.id };
        if (entry.kind === "gap" && reached({ endId: entry.endId, time: -1 })) break;
        if (entry.kind !== "frame") continue;
        const { endId, frame: { count, time } } = entry;
        newestTime = Math.max(newestTime, time);
        index.add(entry, newestTime);
        if (count > 0 && reached({ endId, time })) break;
      }
      return position;
    } finally {
      index.close();
    }
  }
}

function isEnd(position: LogPosition): boolean {
  const { kind } = entryAt(position, RECORD_BYTES);
  return kind === "tail" || kind === "end";
}

/**
 * The newest time in a segment that another one follows, in milliseconds since 1970. Times in a segment do not go back:
 * each writer gives its frame the newest time it has seen in the segment, or the clock's if that is later. It has seen
 * everything before the offset where it expected its frame, because it read up to there from an index entry, which
 * holds the newest time before it. So nothing before the offset where the seal was expected is newer than the seal.
 * (One frame of a writer that was overtaken while the clock stepped back may be older than the frame before it.)
 */
export function newestTimeOfSealed(segment: Segment): number {
  return segment.newestTime ??= sealTime(segment) ??
    newestTimeFrom({ ...startOf(segment), time: segment.created });
}

function sealTime(segment: Segment): number | undefined {
  const end = segment.sealOffset();
  if (typeof end !== "number") return undefined;
  const seal = step(segment, end, RECORD_BYTES);
  if (seal.kind !== "frame" || seal.frame.kind !== KIND.seal) return undefined;
  let { time } = seal.frame;
  // Frames that were appended between the writer's last read and its seal.
  for (let offset = seal.frame.anchorOffset; offset < end;) {
    const found = step(segment, offset, READ_AHEAD_BYTES / 16);
    if (found.kind === "tail") return undefined;
    if (found.kind === "frame") time = Math.max(time, found.frame.time);
    offset = found.endOffset;
  }
  return time;
}

/** The newest time in a segment, with all before `start` as the index says. */
export function newestTimeFrom(start: IndexedPosition): number {
  let { time } = start;
  for (const entry of entriesFrom(start)) {
    if (entry.kind === "frame") time = Math.max(time, entry.frame.time);
  }
  return time;
}
