import { type Finding, unreadable } from "./finding.ts";
import { FLAG, KIND, RECORD_BYTES } from "../format/bytes.ts";
import { headDamage } from "../segment/frame_check.ts";
import type { Partition } from "../partition.ts";
import { READ_AHEAD_BYTES } from "../segment/window.ts";
import { stepsFrom } from "../segment/frame_scanner.ts";
import { oversizeOf, type Segment, startOf } from "../segment/segment_file.ts";
import type { Pace } from "./pace.ts";
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
    this.#data = new DataCheck(partition, segment, chunks);
    this.endId = segment.endId ?? segment.baseId;
  }

  /** Everything that is wrong, in the order of the file. */
  async *findings(): AsyncGenerator<Finding> {
    const { partition: { partition }, segment: { baseId, path: file } } = this;
    for await (const found of this.#found()) {
      yield { partition, firstId: baseId, endId: baseId, file, ...found };
    }
  }

  async *#found(): AsyncGenerator<Found> {
    const { segment } = this;
    yield* this.#header();
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

  *#header(): Generator<Found> {
    const { isUnreadable, previous, headerDamage: reason, endId, baseId } = this.segment;
    if (reason === undefined) return;
    const lost = isUnreadable
      ? { severity: "damage", endId: endId ?? baseId } as const
      : { severity: "redundant" } as const;
    // A header that is read is intact, and another segment's.
    const kind = previous === undefined ? "segment header" : "segment foreign";
    yield { kind, offset: 0, reason, ...lost };
  }

  #gap(entry: GapEntry): Found {
    const { offset, endOffset, id: firstId, endId, torn } = entry;
    if (endId === firstId) {
      const reason = torn
        ? "a write that was cut short"
        : "bytes that are not a frame, and no event is missing";
      return leftover(entry, reason);
    }
    const bytes = endOffset - offset;
    const what = bytes === 0
      ? { kind: "missing end", reason: "the end of the segment is missing" } as const
      : { kind: "gap", reason: "a frame is damaged or missing" } as const;
    return { severity: "damage", ...what, offset, bytes, firstId, endId };
  }

  *#frame(entry: FrameEntry): Generator<Found> {
    const { offset, endOffset, id: firstId, endId, frame } = entry;
    this.#index.frame(offset, firstId, frame);
    yield* this.#wrongId(entry);
    yield* this.#record(entry);
    const isLost = (frame.flags & FLAG.lost) !== 0;
    const reason = headDamage(entry);
    if (reason !== undefined) {
      if (frame.kind === KIND.chunk) this.#data.noteChunk(offset, offset, reason);
      const severity = isLost ? "redundant" : "damage";
      const kind = frame.kind === KIND.chunk ? "chunk" : "frame";
      yield { severity, kind, offset, bytes: endOffset - offset, firstId, endId, reason };
      return;
    }
    if (isLost) return;
    if (frame.dataBytes > 0) yield* this.#data.blocks(entry);
    if (frame.extentCount > 0) yield* this.#data.chunksOf(entry);
  }

  #remember({ offset, id }: Entry): void {
    this.#boundaries.set(offset, id);
    const [oldest] = this.#boundaries.keys();
    if (this.#boundaries.size > BOUNDARIES_MAX) this.#boundaries.delete(oldest!);
  }

  /** Every writer says which id it expected where, so that no one has to take the count on trust. */
  *#wrongId({ offset, id: firstId, endId, frame: { anchorOffset, anchorId } }: FrameEntry): Generator<Found> {
    const counted = this.#boundaries.get(anchorOffset);
    if (counted === undefined || counted === anchorId) return;
    const reason = `its writer knew that event ${anchorId} comes next at byte ${anchorOffset}, ` +
      `and by counting it is ${counted}`;
    yield { severity: "damage", kind: "ids", offset, firstId, endId, reason };
  }

  /** One of the frame's two records may be damaged; then the other has said everything. */
  *#record(entry: FrameEntry): Generator<Found> {
    const { offset, endOffset, id, damaged } = entry;
    if (damaged === undefined) return;
    yield {
      severity: "redundant",
      kind: `frame ${damaged}`,
      offset: damaged === "header" ? offset : endOffset - RECORD_BYTES,
      bytes: RECORD_BYTES,
      firstId: id,
      endId: id,
      frame: frameOf(entry),
      reason: `the ${damaged} of a frame is damaged, its other end has the same content`,
    };
  }

  /** After the last event: chunks of an event in the next segment, then the seal, or a write under way. */
  async *#rest(from: number, id: number): AsyncGenerator<Found> {
    const { segment } = this;
    for (const next of stepsFrom(segment, from, READ_AHEAD_BYTES)) {
      const { kind, offset } = next;
      if (kind === "tail") {
        if (next.pending) {
          const oversize = oversizeOf(segment, offset);
          const reason = oversize ?? "a write in progress, or cut short";
          const rest = leftover({ offset, endOffset: segment.file.size(), id }, reason);
          yield oversize === undefined ? rest : { ...rest, severity: "damage" };
        }
        return;
      }
      if (kind === "gap") {
        yield leftover({ ...next, id }, "a write that was cut short");
      } else if (next.frame.kind === KIND.seal) {
        this.#index.frame(offset, id, next.frame);
        yield* this.#record({ ...next, id, endId: id });
        return;
      } else if (next.frame.kind === KIND.events && next.frame.count > 0) {
        // The seal was lost in a power cut, and what was written after it was written again.
        return;
      } else {
        yield* this.#frame({ ...next, id, endId: id });
      }
      const pause = this.pace.read(next.endOffset - offset);
      if (pause !== undefined) await pause;
    }
  }

  /** What belongs to the segment and is in other files. */
  *#besides(): Generator<Found> {
    const { segment: { baseId }, partition } = this;
    const { path: file, fault } = this.#index;
    if (fault !== undefined) yield unreadable(fault, file, partition.partition, baseId);
    for (const { at: offset, isLeftover, reason } of this.#index.damage()) {
      yield { severity: isLeftover ? "torn" : "redundant", kind: "index", file, offset, reason };
    }
    const { neededId: keptId } = this.#data;
    if (keptId === baseId) return;
    if (Math.min(baseId, ...partition.listing().needs.get(baseId) ?? []) > keptId) {
      // Its writer was killed, or could not write it: retention may take the older segment first.
      const reason = `no dependency marker names segment ${keptId}, which holds data of its events`;
      yield { severity: "torn", kind: "dependency marker", offset: 0, reason, keptId };
    }
  }
}

/** Remains of a write; no event is lost with them. */
function leftover(
  { offset, endOffset, id }: Pick<GapEntry, "offset" | "endOffset" | "id">,
  reason: string,
): Found {
  const bytes = endOffset - offset;
  return { severity: "torn", kind: "leftover", offset, bytes, firstId: id, endId: id, reason };
}
