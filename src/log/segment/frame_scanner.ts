/**
 * The only scanner. Readers, writers that look for their own frame, the index, `verify` and all others use
 * {@linkcode step} to find what is at an offset, so that none of them counts a frame that another one skips.
 *
 * A frame exists when its header record is valid and its trailer repeats it. When one of the two is damaged, the other
 * replaces it. When both are, the scanner looks for the next record: appends are serialized, so a record further on
 * proves that the write before it has ended.
 *
 * The file grows while it is read, so every conclusion must hold although its reads happen at different moments. Two
 * kinds of evidence cannot change: bytes within the size of the file, which are never written again, and a record that
 * follows, which was appended after the write before it had ended. "Not there yet" is not
 * evidence: between that read and the search for what follows, a frame may become whole. So once a record was found
 * further on, the frame before it is read again, and only this read counts. Without a record further on the answer is
 * "tail", which promises nothing.
 *
 * Bytes that look like a frame may be user data: a copy of this very segment. Such a copy repeats a
 * (nonce, sequence) pair that came before, and each writer's sequence only grows, so a record found by search
 * is believed only when its sequence is new for its writer.
 *
 * @module
 */
import { core } from "../format/core/core.ts";
import { RECORD, RECORD_BYTES, SEGMENT_HEADER_BYTES, TRAILER_MAGIC } from "../format/bytes.ts";
import { decodeRecord, type FrameRecord } from "../format/frame_header.ts";
import { isBoundary, isCutByHeader, isCutByPiece, readRecord, readRecords } from "./frame_end.ts";
import { READ_AHEAD_BYTES, readWindow } from "./window.ts";
import { searchEnd, type Segment } from "./segment_file.ts";

/** A whole frame. */
export interface FrameStep {
  kind: "frame";
  segment: Segment;
  offset: number;
  endOffset: number;
  frame: FrameRecord;
  /** Which of its two records is damaged, if one is. */
  damaged?: "header" | "trailer" | undefined;
}

/** Bytes that are not a frame, up to where the next one begins. */
export interface GapStep {
  kind: "gap";
  segment: Segment;
  offset: number;
  endOffset: number;
  /** A write that was cut short: it held no event that was ever stored. */
  torn: boolean;
}

/** Nothing more yet. */
export interface TailStep {
  kind: "tail";
  offset: number;
  /** Bytes lie here which may become a frame, or never will. */
  pending: boolean;
  /** They never will: an append becomes visible from its first byte on, and this is not a header. */
  isHole?: boolean | undefined;
}

export type Step = FrameStep | GapStep | TailStep;

/** The highest sequence of each writer, by its nonce. */
type Sequences = Map<string, number>;

/** What the scanner remembers of a segment, so that it does not search the same bytes twice. */
interface Memory {
  /** The highest sequence of each writer up to an offset. */
  sequences?: { upTo: number; of: Sequences };
  /** Searched from this offset up to this file size, and found no frame. */
  lastMiss?: { offset: number; size: number };
}

const memories = new WeakMap<Segment, Memory>();

/** Where a search found that a frame begins, and its record, if that was its trailer. */
interface FoundFrame {
  offset: number;
  trailer?: FrameRecord;
}

/** Fewer bytes than the smallest frame cannot have been one. */
const SMALLEST_FRAME_BYTES = 2 * RECORD_BYTES;

/** What is at `offset`; if it has to read, it reads `ahead` bytes. */
export function step(segment: Segment, offset: number, ahead: number, seen?: Sequences): Step {
  let at = readWindow.at(segment, offset, RECORD_BYTES, ahead);
  if (at < 0) return { kind: "tail", offset, pending: readWindow.held(segment, offset) > 0 };
  if (!core.checkRecord(at, segment.salt, false)) return afterBadHeader(segment, offset, seen);

  const frame = decodeRecord(core.view, at);
  const endOffset = offset + frame.layout.frameBytes;
  if (ahead >= frame.layout.frameBytes) {
    // A caller that wants whole frames gets this one by one read, with its trailer.
    at = readWindow.at(segment, offset, frame.layout.frameBytes, ahead);
    if (at < 0) at = readWindow.at(segment, offset, RECORD_BYTES);
  }
  const trailer = trailerState(segment, { offset, at, ahead }, frame);
  const whole: FrameStep = { kind: "frame", segment, offset, endOffset, frame };
  if (trailer === "same") return whole;

  // A frame that begins within the size that this one claims proves that it was cut short, even if only by a byte of its
  // trailer. The search goes on beyond that size: the frame that begins inside may be recognizable by its trailer alone.
  const from = offset + RECORD_BYTES;
  const found = findFrame(segment, offset, { from, startMin: from }, seen)?.offset;
  if (found === undefined) {
    // A trailer that differs will never be right; one that is absent may come.
    const isWhole = trailer === "differs" && isBoundary(segment, endOffset) &&
      !isCutByHeader(segment, endOffset) && !isCutByPiece(segment, offset, frame);
    return isWhole ? { ...whole, damaged: "trailer" } : { kind: "tail", offset, pending: true };
  }
  // What was found was appended after the write of this frame had ended: the frame will not become more whole.
  if (isWholeNow(segment, offset, frame)) return whole;
  if (found < endOffset || isCutByHeader(segment, endOffset)) {
    return { kind: "gap", segment, offset, endOffset: found, torn: true };
  }
  const gap: GapStep = { kind: "gap", segment, offset, endOffset: found, torn: false };
  // Damage may look the same as a write that was cut short: anchors after it tell whether its ids were given.
  if (isCutByPiece(segment, offset, frame)) return gap;
  if (found === endOffset || isBoundary(segment, endOffset)) {
    return { ...whole, damaged: "trailer" };
  }
  // Neither the trailer nor what follows proves that the frame was ever whole: it may have been cut short.
  return gap;
}

/** What is at an offset and after it, up to the tail. */
export function* stepsFrom(segment: Segment, offset: number, ahead: number): Generator<Step, void> {
  for (;;) {
    const next = step(segment, offset, ahead);
    yield next;
    if (next.kind === "tail") return;
    offset = next.endOffset;
  }
}

/**
 * Whether the trailer repeats the header, which lies `at` in the window, differs, or lies beyond the end of the file.
 * A read of it takes up to `ahead` bytes of what follows: the head of the next frame.
 */
function trailerState(
  segment: Segment,
  { offset, at, ahead }: { offset: number; at: number; ahead: number },
  frame: FrameRecord,
): "same" | "differs" | "absent" {
  if (readWindow.held(segment, offset) >= frame.layout.frameBytes) {
    return isTrailerOf(segment, at, at + frame.layout.trailer) ? "same" : "differs";
  }
  // Not into the window, which the caller still needs; the slot has room for both records.
  const header = core.slot;
  const trailer = header + RECORD_BYTES;
  core.u8.copyWithin(header, at, at + RECORD_BYTES);
  if (!readWindow.peek(segment, offset + frame.layout.trailer, ahead, trailer)) return "absent";
  return isTrailerOf(segment, header, trailer) ? "same" : "differs";
}

/** Whether the trailer repeats the header, with both read from the file now. */
function isWholeNow(segment: Segment, offset: number, frame: FrameRecord): boolean {
  return readRecords(segment, offset, frame) && isTrailerOf(segment, core.slot, core.slot + RECORD_BYTES);
}

function isTrailerOf(segment: Segment, header: number, trailer: number): boolean {
  return core.checkRecord(trailer, segment.salt, true) && core.sameFrame(header, trailer);
}

function afterBadHeader(segment: Segment, offset: number, seen: Sequences | undefined): Step {
  const found = findFrame(segment, offset, { from: offset + 1, startMin: offset }, seen);
  if (found === undefined) return { kind: "tail", offset, pending: true, isHole: true };
  const { offset: start, trailer: frame } = found;
  if (start > offset || frame === undefined) {
    return { kind: "gap", segment, offset, endOffset: start, torn: start - offset < SMALLEST_FRAME_BYTES };
  }
  // The header alone is damaged.
  return {
    kind: "frame",
    segment,
    offset,
    endOffset: offset + frame.layout.frameBytes,
    frame,
    damaged: "header",
  };
}

/** The next frame that begins at or after `startMin`, going by the records from `from` on. */
function findFrame(
  segment: Segment,
  gapStart: number,
  range: { from: number; startMin: number },
  seen: Sequences | undefined,
): FoundFrame | undefined {
  const size = segment.file.size();
  const { lastMiss } = memories.get(segment) ?? {};
  if (size >= 0 && lastMiss?.offset === gapStart && lastMiss.size === size) return undefined;
  // What the window holds of a growing file may be old.
  readWindow.clear();
  // A file that retention removed has no size; readers that have it open still read it.
  const end = size < 0 ? Infinity : searchEnd(range.from, size);
  for (let from = range.from; from + RECORD_BYTES <= end;) {
    let bytes = Math.min(end - from, READ_AHEAD_BYTES);
    let at = readWindow.at(segment, from, bytes);
    if (at < 0) {
      bytes = readWindow.held(segment, from);
      if (bytes < RECORD_BYTES) break;
      at = readWindow.at(segment, from, bytes);
    }
    const found = core.findRecord(at, bytes, segment.salt);
    if (found < 0) {
      from += bytes - RECORD_BYTES + 1;
      continue;
    }
    const candidate = decodeRecord(core.view, at + found);
    const isTrailer = core.view.getUint32(at + found + RECORD.magic, true) === TRAILER_MAGIC;
    const start = from + found + (isTrailer ? RECORD_BYTES - candidate.layout.frameBytes : 0);
    const isNew = () =>
      candidate.sequence > ((seen ?? sequencesBefore(segment, gapStart)).get(writerOf(candidate)) ?? -1);
    if (start >= range.startMin && isNew()) {
      return isTrailer ? { offset: start, trailer: candidate } : { offset: start };
    }
    from += found + 1;
  }
  memoryOf(segment).lastMiss = { offset: gapStart, size };
  return undefined;
}

function writerOf(frame: FrameRecord): string {
  return `${frame.nonceHigh}:${frame.nonceLow}`;
}

/** The highest sequence of each writer before `limit`, from the frames of the segment (remembered). */
function sequencesBefore(segment: Segment, limit: number): Sequences {
  const memory = memoryOf(segment);
  const known = memory.sequences !== undefined && memory.sequences.upTo <= limit
    ? memory.sequences
    : undefined;
  const sequences: Sequences = known?.of ?? new Map();
  let offset = known?.upTo ?? SEGMENT_HEADER_BYTES;
  // A read may fail on the way: what was noted by then is not all that precedes the offset noted before.
  delete memory.sequences;
  while (offset < limit) {
    const next = step(segment, offset, READ_AHEAD_BYTES, sequences);
    if (next.kind === "tail") break;
    if (next.kind === "frame") sequences.set(writerOf(next.frame), next.frame.sequence);
    else noteCutFrame(segment, offset, sequences);
    offset = next.endOffset;
  }
  memory.sequences = { upTo: offset, of: sequences };
  return sequences;
}

function memoryOf(segment: Segment): Memory {
  let memory = memories.get(segment);
  if (memory === undefined) memories.set(segment, memory = {});
  return memory;
}

/** The header of a frame that was cut short may be copied in user data too, like that of a whole one. */
function noteCutFrame(segment: Segment, offset: number, sequences: Sequences): void {
  if (!readRecord(segment, offset) || !core.checkRecord(core.slot, segment.salt, false)) return;
  const frame = decodeRecord(core.view, core.slot);
  const writer = writerOf(frame);
  sequences.set(writer, Math.max(sequences.get(writer) ?? 0, frame.sequence));
}
