/**
 * A reader written from docs/format.md alone. Whatever the tests store, it must read the same as the engine.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import {
  CHUNK,
  crc32,
  DATA_LOST,
  extentBytes,
  HAS_DATA,
  JSON_TEXT,
  LOST,
  type Record,
  SEAL,
  SegmentFile,
  sumBytes,
  tableBytes,
} from "./segment_file.ts";

/** One event, or events that were lost. */
export type Read =
  | { id: number; time: number; isText: boolean; metadata: Uint8Array; data: Uint8Array | "lost" }
  | { lostFrom: number; lostTo: number };

/** Reads every partition of a topic. */
export function* readTopic(path: string): Generator<[partition: number, read: Read]> {
  for (const name of readdirSync(join(path, "partitions")).filter((name) => /^\d{8}$/.test(name)).sort()) {
    for (const read of readPartition(join(path, "partitions", name))) yield [Number(name), read];
  }
}

/** Reads one partition from its folder. */
export function* readPartition(folder: string): Generator<Read> {
  const ids = readdirSync(folder).filter((name) => /^\d{20}\.log$/.test(name)).sort().map((name) =>
    parseInt(name)
  );
  const segments = new Map(
    ids.map((id) => [id, new SegmentFile(join(folder, `${String(id).padStart(20, "0")}.log`))]),
  );
  for (const [index, firstId] of ids.slice(0, -1).entries()) {
    segments.get(firstId)!.isFollowedBy(segments.get(ids[index + 1])!, firstId);
  }
  let id = ids[0] ?? 0;
  for (const [index, firstId] of ids.entries()) {
    if (firstId > id) yield { lostFrom: id, lostTo: firstId };
    id = yield* readSegment(segments, firstId, ids[index + 1]);
  }
}

/** Reads one segment; returns the id that comes after it. */
function* readSegment(
  segments: Map<number, SegmentFile>,
  firstId: number,
  nextId: number | undefined,
): Generator<Read, number> {
  const segment = segments.get(firstId)!;
  const seen = new Map<string, number>();
  let id = firstId;
  for (let at = 64; nextId === undefined || id < nextId;) {
    const step = segment.step(at, seen);
    if (step.what === "end") {
      if (nextId !== undefined) yield { lostFrom: id, lostTo: nextId };
      return nextId ?? id;
    }
    if (step.what === "gap") {
      noteCutFrame(segment, at, seen);
      const cost = step.torn
        ? { end: step.end, id: idAfterTorn(segment, step.end, { id, seen }) }
        : costOf(segment, step.end, { id, nextId, seen });
      if (cost.id > id) yield { lostFrom: id, lostTo: cost.id };
      [at, id] = [cost.end, cost.id];
      continue;
    }
    const { record } = step;
    seen.set(record.writer, record.sequence);
    if (record.kind === SEAL) return id;
    if (record.count > 0) yield* eventsOf(segments, segment, { at, record, id });
    [at, id] = [step.end, id + record.count];
  }
  return id;
}

/** An interrupted frame has used up its sequence number. */
function noteCutFrame(segment: SegmentFile, at: number, seen: Map<string, number>): void {
  const cut = segment.record(at);
  if (cut === undefined || cut.isTrailer) return;
  seen.set(cut.writer, Math.max(seen.get(cut.writer) ?? 0, cut.sequence));
}

/** The id after a torn write, and after frames that were destroyed since: the first anchor after them tells. */
function idAfterTorn(
  segment: SegmentFile,
  gapEnd: number,
  known: { id: number; seen: Map<string, number> },
): number {
  const seen = new Map(known.seen);
  const before = new Map<number, number>();
  for (let [at, events] = [gapEnd, 0];;) {
    before.set(at, events);
    const step = segment.step(at, seen);
    if (step.what !== "frame") return known.id;
    const { record } = step;
    seen.set(record.writer, record.sequence);
    const counted = before.get(record.anchorOffset);
    if (counted !== undefined) return Math.max(known.id, record.anchorId - counted);
    if (record.kind === SEAL) return known.id;
    [at, events] = [step.end, events + record.count];
  }
}

/** How far a gap that is not torn reaches, and which id comes next. */
function costOf(
  segment: SegmentFile,
  gapEnd: number,
  known: { id: number; nextId?: number; seen: Map<string, number> },
): { end: number; id: number } {
  const { nextId } = known;
  const { seal } = segment;
  const seen = new Map(known.seen);
  const boundaries = new Map([[gapEnd, { row: gapEnd, events: 0 }]]);
  let [row, events, idMin] = [gapEnd, 0, known.id];
  /** Events of all rows before each one. */
  const before = new Map([[gapEnd, 0]]);
  /** If the ids leave no room for a lost event, none was lost. */
  const settled = (cost: { end: number; id: number }) =>
    cost.id === idMin + (before.get(cost.end) ?? NaN) ? { end: gapEnd, id: idMin } : cost;
  for (let at = gapEnd;;) {
    if (seal !== undefined && seal < row) return { end: row, id: nextId! };
    const step = segment.step(at, seen);
    if (step.what === "end") {
      if (nextId !== undefined) return { end: at, id: nextId };
      return byIndex(segment, boundaries) ?? { end: gapEnd, id: idMin };
    }
    if (step.what === "frame") {
      const { record } = step;
      seen.set(record.writer, record.sequence);
      const anchor = boundaries.get(record.anchorOffset);
      if (anchor !== undefined) {
        return settled({ end: anchor.row, id: Math.max(idMin, record.anchorId - anchor.events) });
      }
      if (record.anchorOffset <= gapEnd) idMin = Math.max(idMin, record.anchorId);
      if (record.kind === SEAL) {
        const indexed = byIndex(segment, boundaries);
        if (indexed !== undefined) return settled(indexed);
        if (nextId === undefined) return { end: gapEnd, id: idMin };
        return seal === at
          ? settled({ end: row, id: Math.max(idMin, nextId - events) })
          : { end: at, id: nextId };
      }
      events += record.count;
      boundaries.set(step.end, { row, events });
    } else noteCutFrame(segment, at, seen);
    if (step.what === "gap" && !step.torn) {
      before.set(step.end, before.get(row)! + events);
      [row, events] = [step.end, 0];
      boundaries.set(row, { row, events });
    }
    at = step.end;
  }
}

/** What the first index entry says that refers to a boundary after a gap. */
function byIndex(
  segment: SegmentFile,
  boundaries: Map<number, { row: number; events: number }>,
): { end: number; id: number } | undefined {
  for (const { id, offset } of segment.indexEntries()) {
    const boundary = boundaries.get(offset);
    if (boundary !== undefined) return { end: boundary.row, id: id - boundary.events };
  }
}

function* eventsOf(
  segments: Map<number, SegmentFile>,
  segment: SegmentFile,
  { at, record, id }: { at: number; record: Record; id: number },
): Generator<Read> {
  const { flags, count, time, extentCount, metadataBytes, dataBytes } = record;
  if (flags & LOST) return;
  const { bytes, view } = segment;
  const extents = at + 64 + tableBytes(flags, count);
  const sums = extents + extentBytes(extentCount);
  const metadataAt = sums + sumBytes(dataBytes);
  const dataAt = metadataAt + metadataBytes;
  if (crc32(bytes.subarray(at + 64, dataAt)) !== record.headCrc) {
    return yield { lostFrom: id, lostTo: id + count };
  }
  const isText = (flags & JSON_TEXT) !== 0;
  let [metadataFrom, dataFrom] = [metadataAt, 0];
  for (let index = 0, entry = at + 64; index < count; index++, entry += flags & HAS_DATA ? 8 : 4) {
    const size = view.getUint32(entry, true);
    const hasLostData = (flags & DATA_LOST) !== 0 && size >= 2 ** 31;
    const metadata = bytes.subarray(metadataFrom, metadataFrom + (flags & DATA_LOST ? size % 2 ** 31 : size));
    const dataSize = flags & HAS_DATA ? view.getUint32(entry + 4, true) : 0;
    const data = hasLostData
      ? "lost"
      : extentCount > 0
      ? dataOfExtents(segments, segment, extents, extentCount)
      : dataOf(segment, { sums, dataAt, dataBytes }, dataFrom, dataSize);
    yield { id: id + index, time, isText, metadata, data: data ?? "lost" };
    metadataFrom += metadata.length + (isText ? 1 : 0);
    dataFrom += dataSize;
  }
}

/** A range of a frame's data; undefined if a block of it is damaged. */
function dataOf(
  { bytes, view }: SegmentFile,
  { sums, dataAt, dataBytes }: { sums: number; dataAt: number; dataBytes: number },
  from: number,
  size: number,
): Uint8Array | undefined {
  for (let block = Math.floor(from / 65536); size > 0 && block * 65536 < from + size; block++) {
    const blockAt = dataAt + block * 65536;
    const content = bytes.subarray(blockAt, Math.min(blockAt + 65536, dataAt + dataBytes));
    if (crc32(content) !== view.getUint32(sums + 4 * block, true)) return undefined;
  }
  return bytes.subarray(dataAt + from, dataAt + from + size);
}

function dataOfExtents(
  segments: Map<number, SegmentFile>,
  segment: SegmentFile,
  extents: number,
  extentCount: number,
): Uint8Array | undefined {
  const data = new Uint8Array(segment.uint64(extents));
  let filled = 0;
  for (let entry = extents + 8, left = extentCount; left > 0; entry += 16, left--) {
    const target = segments.get(segment.uint64(entry));
    const at = segment.view.getUint32(entry + 8, true);
    const step = target?.step(at, new Map());
    if (target === undefined || step?.what !== "frame" || step.record.kind !== CHUNK) return undefined;
    const { dataBytes, headCrc } = step.record;
    const dataAt = at + 64 + sumBytes(dataBytes);
    if (crc32(target.bytes.subarray(at + 64, dataAt)) !== headCrc) return undefined;
    const part = dataOf(target, { sums: at + 64, dataAt, dataBytes }, 0, dataBytes);
    if (part === undefined || dataBytes !== segment.view.getUint32(entry + 12, true)) return undefined;
    data.set(part, filled);
    filled += part.length;
  }
  return data;
}
