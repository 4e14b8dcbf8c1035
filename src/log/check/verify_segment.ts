import { type Finding, unreadable } from "./finding.ts";
import { FLAG, KIND, RECORD_BYTES } from "../format/bytes.ts";
import { type FrameAt, headDamage } from "../segment/frame_check.ts";
import type { Partition } from "../partition.ts";
import { READ_AHEAD_BYTES } from "../segment/window.ts";
import { step } from "../segment/frame_scanner.ts";
import { oversizeOf, type Segment, startOf } from "../segment/segment_file.ts";
import { type DamagedChunks, DataCheck, type Found, frameOf } from "./verify_data.ts";
import { IndexCheck } from "./verify_index.ts";
import { entriesFrom, type Entry, type FrameEntry, type GapEntry } from "../segment/entries.ts";

/** Anchors refer to boundaries not far before them. */
const BOUNDARIES_MAX = 4096;

export class SegmentCheck {
  /** The id that comes after the segment, once it was read. */
  endId: number;
  readonly #index: IndexCheck;
  readonly #data: DataCheck;
  /** The latest frame boundaries, and the id that comes next at each. */
  readonly #boundaries = new Map<number, number>();

  constructor(
    private readonly partition: Partition,
    private readonly segment: Segment,
    chunks: DamagedChunks,
    private readonly pace: Pace,
  ) {
    this.#index = new IndexCheck(segment);
    this.#data = new DataCheck(partition, segment, chunks, (found) => this.#found(found));
    this.endId = segment.endId ?? segment.baseId;
  }

  /** Everything that is wrong, in the order of the file. */
  async *findings(): AsyncGenerator<Finding> {
    const { segment } = this;
    const header = this.#header();
    if (header !== undefined) yield header;
    if (segment.isUnreadable) return;
    for (const entry of entriesFrom(startOf(segment), READ_AHEAD_BYTES)) {
      this.#remember(entry);
      if (entry.kind === "tail" || entry.kind === "end") {
        this.endId = entry.id;
        yield* this.#rest(entry.offset, entry.id);
        break;
      }
      if (entry.kind === "gap") yield this.#gap(entry);
      else yield* this.#frame(entry);
      const events = entry.kind === "frame" ? entry.frame.count : 0;
      const pause = this.pace.read(entry.endOffset - entry.offset, events);
      if (pause !== undefined) await pause;
      // What was lost at the end of the file has no bytes, and nothing follows it.
      if (entry.kind === "gap" && entry.endOffset === entry.offset) break;
    }
    yield* this.#besides();
  }

  #header(): Finding | undefined {
    const { isUnreadable, previous, headerDamage: reason, endId, baseId } = this.segment;
    if (reason === undefined) return undefined;
    const lost = isUnreadable
      ? { severity: "damage", endId: endId ?? baseId } as const
      : { severity: "redundant" } as const;
    // A header that is read is intact, and another segment's.
    const kind = previous === undefined ? "segment header" : "segment foreign";
    return this.#found({ offset: 0, reason, ...lost, kind });
  }

  #gap({ offset, endOffset, id, endId, torn }: GapEntry): Finding {
    const bytes = endOffset - offset;
    if (endId === id) {
      const reason = torn
        ? "a write that was cut short"
        : "bytes that are not a frame, and no event is missing";
      return this.#leftover(offset, endOffset, id, reason);
    }
    const isEnd = bytes === 0;
    return this.#found({
      severity: "damage",
      kind: isEnd ? "missing end" : "gap",
      offset,
      bytes,
      firstId: id,
      endId,
      reason: isEnd ? "the end of the segment is missing" : "a frame is damaged or missing",
    });
  }

  *#frame(entry: FrameEntry): Generator<Finding> {
    const { offset, endOffset, id, endId, frame, damaged } = entry;
    this.#index.frame(offset, id, frame);
    const known = this.#boundaries.get(frame.anchorOffset);
    if (known !== undefined && known !== frame.anchorId) yield this.#wrongId(entry, known);
    if (damaged !== undefined) yield this.#record(entry, damaged);
    const at: FrameAt = { segment: this.segment, offset, frame };
    const isLost = (frame.flags & FLAG.lost) !== 0;
    const reason = headDamage(at);
    if (reason !== undefined) {
      if (frame.kind === KIND.chunk) this.#data.noteChunk(offset, offset, reason);
      yield this.#found({
        severity: isLost ? "redundant" : "damage",
        kind: frame.kind === KIND.chunk ? "chunk" : "frame",
        offset,
        bytes: endOffset - offset,
        firstId: id,
        endId,
        reason,
      });
      return;
    }
    if (isLost) return;
    if (frame.dataBytes > 0) yield* this.#data.blocks(at, id);
    if (frame.extentCount > 0) yield* this.#data.chunksOf(at, id);
  }

  #remember({ offset, id }: Entry): void {
    this.#boundaries.set(offset, id);
    const [oldest] = this.#boundaries.keys();
    if (this.#boundaries.size > BOUNDARIES_MAX) this.#boundaries.delete(oldest!);
  }

  /** Every writer says which id it expected where, so that no one has to take the count on trust. */
  #wrongId({ offset, id, endId, frame }: FrameEntry, counted: number): Finding {
    const reason = `its writer knew that event ${frame.anchorId} comes next at byte ${frame.anchorOffset}, ` +
      `and by counting it is ${counted}`;
    return this.#found({ severity: "damage", kind: "ids", offset, firstId: id, endId, reason });
  }

  /** One of the frame's two records is damaged; the other has said everything. */
  #record(
    { offset, endOffset, id }: { offset: number; endOffset: number; id: number },
    which: "header" | "trailer",
  ) {
    return this.#found({
      severity: "redundant",
      kind: which === "header" ? "frame header" : "frame trailer",
      offset: which === "header" ? offset : endOffset - RECORD_BYTES,
      bytes: RECORD_BYTES,
      firstId: id,
      endId: id,
      frame: frameOf(this.segment, offset, id),
      reason: `the ${which} of a frame is damaged, its other end has the same content`,
    });
  }

  /** After the last event: chunks of an event in the next segment, then the seal, or a write under way. */
  async *#rest(from: number, id: number): AsyncGenerator<Finding> {
    const { segment } = this;
    for (let offset = from;;) {
      const next = step(segment, offset, READ_AHEAD_BYTES);
      if (next.kind === "tail") {
        if (next.pending) {
          const oversize = oversizeOf(segment, offset);
          const reason = oversize ?? "a write in progress, or cut short";
          const rest = this.#leftover(offset, segment.file.size(), id, reason);
          yield oversize === undefined ? rest : { ...rest, severity: "damage" };
        }
        return;
      }
      if (next.kind === "gap") {
        yield this.#leftover(offset, next.endOffset, id, "a write that was cut short");
      } else if (next.frame.kind === KIND.seal) {
        this.#index.frame(offset, id, next.frame);
        if (next.damaged !== undefined) yield this.#record({ ...next, id }, next.damaged);
        return;
      } else if (next.frame.kind === KIND.events && next.frame.count > 0) {
        // The seal was lost in a power cut, and what was written after it was written again.
        return;
      } else {
        yield* this.#frame({ ...next, id, endId: id });
      }
      const pause = this.pace.read(next.endOffset - offset);
      if (pause !== undefined) await pause;
      offset = next.endOffset;
    }
  }

  #leftover(offset: number, endOffset: number, id: number, reason: string): Finding {
    const bytes = endOffset - offset;
    return this.#found({ severity: "torn", kind: "leftover", offset, bytes, firstId: id, endId: id, reason });
  }

  /** What belongs to the segment and is in other files. */
  *#besides(): Generator<Finding> {
    const { segment, partition } = this;
    const { path, fault } = this.#index;
    if (fault !== undefined) yield unreadable(fault, path, partition.partition, segment.baseId);
    for (const { at, isLeftover, reason } of this.#index.damage()) {
      yield this.#found({
        severity: isLeftover ? "torn" : "redundant",
        kind: "index",
        file: path,
        offset: at,
        reason,
      });
    }
    const { neededId } = this.#data;
    if (neededId === segment.baseId) return;
    if (Math.min(segment.baseId, ...partition.listing().needs.get(segment.baseId) ?? []) > neededId) {
      // Its writer was killed, or could not write it: retention may take the older segment first.
      yield this.#found({
        severity: "torn",
        kind: "dependency marker",
        offset: 0,
        reason: `no dependency marker names segment ${neededId}, which holds data of its events`,
        keptId: neededId,
      });
    }
  }

  #found(found: Found): Finding {
    const { baseId, path } = this.segment;
    return { partition: this.partition.partition, firstId: baseId, endId: baseId, file: path, ...found };
  }
}

/** After reading this much, the event loop gets a turn. */
const TURN_BYTES = 32 * 1024 * 1024;

/** Options of work that reads for long. */
export interface PaceOptions {
  /** Ends the work with its reason. */
  signal?: AbortSignal;
  /** Called with how much more was read. */
  progress?: (done: { bytes: number; events: number }) => void;
}

/** Reports the progress of long work, ends it when it is aborted, and lets the event loop run in between. */
export class Pace {
  #bytes = 0;

  constructor(private readonly options: PaceOptions) {}

  /** Counts what was read. Returns a promise when the event loop should have a turn. */
  read(bytes: number, events = 0): void | Promise<void> {
    this.options.progress?.({ bytes, events });
    this.#bytes += bytes;
    if (this.#bytes < TURN_BYTES) return;
    this.#bytes = 0;
    return this.rest();
  }

  /** Gives the event loop a turn; throws if the work was aborted. */
  async rest(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.options.signal?.throwIfAborted();
  }
}
