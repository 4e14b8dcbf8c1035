import type { StartPosition } from "../contract.ts";
import { PartitionFolder } from "./segment/directory.ts";
import { READ_AHEAD_BYTES } from "./segment/window.ts";
import type { Segment } from "./segment/segment_file.ts";
import { type IndexedPlace, SegmentIndex } from "./segment/index.ts";
import { newestTimeOfSealed } from "./segment/times.ts";
import { passAt, type Place, placeAfter } from "./segment/entries.ts";

/** A partition, and where in it events stand: by id and by time. */
export class Partition extends PartitionFolder {
  /**
   * The segment that holds an id, or the last one; undefined in a partition nobody wrote to. Whoever asks several
   * things at a time lists the segments once, and gives `ids` to each.
   */
  segmentFor(id: number, ids: readonly number[] = this.segmentIds()): Segment | undefined {
    let index = ids.length - 1;
    while (index > 0 && ids[index] > id) index--;
    return index < 0 ? undefined : this.segment(ids[index], ids[index + 1]);
  }

  /** The frame boundary where the frame with this id begins, or the end of what is there. */
  placeOfId(id: number, ids?: readonly number[]): Place | undefined {
    const segment = this.segmentFor(id, ids);
    if (segment === undefined) return undefined;
    const index = new SegmentIndex(this.storage, segment);
    return this.#walk(index, index.placeForId(id), (next) => next.endId > id);
  }

  /**
   * The frame boundary of the first event, in the order of ids, whose time is `time` (milliseconds since 1970) or
   * later; the end when there is none. It is the same for every reader, whatever the clock did: segments are looked
   * at in order, each by the newest time in it, and within one the index leads no further than the first entry
   * before which such a time was seen.
   */
  placeOfTime(time: number): Place | undefined {
    const ids = this.segmentIds();
    for (const [index, baseId] of ids.entries()) {
      const nextId = ids[index + 1];
      const segment = this.segment(baseId, nextId);
      if (nextId !== undefined && newestTimeOfSealed(segment) < time) continue;
      const entries = new SegmentIndex(this.storage, segment);
      const place = this.#walk(entries, entries.placeForTime(time), (next) => next.time >= time);
      if (nextId === undefined || place.id < nextId) return place;
    }
    return undefined;
  }

  /** The end: behind the last whole frame of the last segment. */
  end(ids?: readonly number[]): Place | undefined {
    return this.placeOfId(Number.MAX_SAFE_INTEGER, ids);
  }

  /** The newest time in a segment before a place in it, in milliseconds since 1970. */
  newestTime(end: Place): number {
    let { time, ...place } = new SegmentIndex(this.storage, end.segment).placeForId(end.id);
    while (place.offset < end.offset) {
      const passed = passAt(place, READ_AHEAD_BYTES / 16);
      if (passed.kind === "tail" || passed.kind === "end") break;
      if (passed.kind === "frame") time = Math.max(time, passed.frame.time);
      place = placeAfter(place.segment, passed);
    }
    return time;
  }

  /** Time of the event with this id, in milliseconds since 1970; undefined when it is not there or is damaged. */
  timeOf(id: number, ids?: readonly number[]): number | undefined {
    const place = this.placeOfId(id, ids);
    if (place === undefined) return undefined;
    const passed = passAt(place, READ_AHEAD_BYTES / 16);
    return passed.kind === "frame" ? passed.frame.time : undefined;
  }

  /** The id a start position means now. */
  resolve(to: StartPosition): number {
    return this.look(() => this.#resolveNow(to));
  }

  #resolveNow(to: StartPosition): number {
    if (to === "earliest") return this.firstId();
    const endId = this.end()?.id ?? 0;
    if (to === "latest") return endId;
    if ("time" in to) return this.placeOfTime(Number(to.time))?.id ?? 0;
    return Math.min(to.id, endId);
  }

  /** Bytes of log between two places, counting segment headers and seals between them. */
  bytesBetween(from: Place, to: Place): number {
    let bytes = to.offset - from.offset;
    if (from.segment.baseId === to.segment.baseId) return bytes;
    for (const baseId of this.segmentIds()) {
      if (baseId < from.segment.baseId || baseId >= to.segment.baseId) continue;
      bytes += this.bytesOf(baseId);
    }
    return bytes;
  }

  /** From where the index leads to, which is far away where it lacks entries: they are added. */
  #walk(
    index: SegmentIndex,
    from: IndexedPlace,
    reached: (next: { endId: number; time: number }) => boolean,
  ): Place {
    try {
      return this.#walkOn(index, from, reached);
    } finally {
      index.close();
    }
  }

  #walkOn(
    index: SegmentIndex,
    from: IndexedPlace,
    reached: (next: { endId: number; time: number }) => boolean,
  ): Place {
    let place: Place = from;
    let newestTime = from.time;
    for (let indexed = from.offset;;) {
      const passed = passAt(place, READ_AHEAD_BYTES / 16);
      if (passed.kind === "tail" || passed.kind === "end") return place;
      if (passed.kind === "frame") {
        newestTime = Math.max(newestTime, passed.frame.time);
        if (passed.offset - indexed >= this.indexIntervalBytes && passed.damaged !== "header") {
          indexed = passed.offset;
          index.add(passed.frame, passed, newestTime);
        }
        const endId = passed.id + passed.frame.count;
        if (passed.frame.count > 0 && reached({ endId, time: passed.frame.time })) return place;
      } else if (reached({ endId: passed.endId, time: -1 })) {
        return place;
      }
      place = placeAfter(place.segment, passed);
    }
  }
}
