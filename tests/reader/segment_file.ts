/**
 * The frames of a segment file, as docs/format.md describes them: plain TypeScript, with the whole file in
 * memory, independent of the engine.
 */
import { existsSync, readFileSync } from "node:fs";

/** The contents of a header or a trailer. */
export interface Record {
  kind: number;
  flags: number;
  extentCount: number;
  writer: string;
  sequence: number;
  count: number;
  metadataBytes: number;
  dataBytes: number;
  headCrc: number;
  time: number;
  anchorId: number;
  anchorOffset: number;
  isTrailer: boolean;
  bytes: number;
}

/** What is at a frame boundary. */
export type Step =
  | { what: "frame"; end: number; record: Record }
  | { what: "gap"; end: number; torn: boolean }
  | { what: "end" };

export const HAS_DATA = 1, JSON_TEXT = 2, LOST = 8, DATA_LOST = 16;
export const EVENTS = 1, SEAL = 2, CHUNK = 3;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = (byte >>> 1) ^ (byte & 1 ? 0xedb88320 : 0);
  return byte;
});

/** CRC-32 as in zip. */
export function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ byte) & 255];
  return ~crc >>> 0;
}

/** One segment file. */
export class SegmentFile {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly salt: number;
  /** What the header says about the previous segment: its first id and the offset of its seal. */
  readonly #previous: [id: number, seal: number] | undefined;

  /** Where the next segment says that this one's seal is. */
  seal: number | undefined;

  constructor(readonly path: string) {
    this.bytes = new Uint8Array(readFileSync(path));
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
    const isWhole = this.bytes.length >= 64 && text(this.bytes, 0, 5) === "DSLOG" && this.#isSummed(0);
    if (isWhole && this.view.getUint16(8, true) > 1) throw new Error(`"${path}" is of a newer version`);
    this.#previous = isWhole ? [this.uint64(40), this.view.getUint32(48, true)] : undefined;
    this.salt = isWhole ? this.view.getUint32(16, true) : this.#saltOfFrames();
  }

  /** The next segment, which begins with `firstId`, exists. */
  isFollowedBy(next: SegmentFile, firstId: number): void {
    if (next.#previous?.[0] === firstId && next.#previous[1] > 0) this.seal = next.#previous[1];
  }

  uint64(at: number): number {
    return Number(this.view.getBigUint64(at, true));
  }

  /** The intact record of this segment at an offset. */
  record(at: number): Record | undefined {
    const record = this.#recordAt(at);
    return record !== undefined && this.view.getUint32(at + 8, true) === this.salt ? record : undefined;
  }

  /** The index entries that the log confirms, in their order. */
  *indexEntries(): Generator<{ id: number; offset: number }> {
    const path = this.path.replace(/log$/, "idx");
    const index = existsSync(path) ? new Uint8Array(readFileSync(path)) : new Uint8Array(0);
    const view = new DataView(index.buffer);
    for (let at = 0; at + 32 <= index.length; at += 32) {
      const [offset, recordCrc, salt, crc] = [16, 20, 24, 28].map((field) =>
        view.getUint32(at + field, true)
      );
      if (salt !== this.salt || crc !== crc32(index.subarray(at, at + 28))) continue;
      const isThere = this.record(offset)?.isTrailer === false &&
        this.view.getUint32(offset + 60, true) === recordCrc;
      if (isThere) yield { id: Number(view.getBigUint64(at, true)), offset };
    }
  }

  /** What is at a frame boundary; `seen` has the highest sequence of each writer so far. */
  step(at: number, seen: Map<string, number>): Step {
    const header = this.record(at);
    if (header === undefined || header.isTrailer) {
      const next = this.#search(at + 1, at, seen);
      if (next === undefined) return { what: "end" };
      if (next.start > at) return { what: "gap", end: next.start, torn: next.start - at < 128 };
      return { what: "frame", end: at + next.record.bytes, record: next.record };
    }
    const end = at + header.bytes;
    const trailer = this.record(end - 64);
    const repeats = trailer?.isTrailer && text(this.bytes, at + 4, 56) === text(this.bytes, end - 60, 56);
    if (repeats) return { what: "frame", end, record: header };
    const next = this.#search(at + 64, at + 64, seen);
    if (next !== undefined && next.start < end) return { what: "gap", end: next.start, torn: true };
    if (end > this.bytes.length || this.#isCutBefore(end)) {
      return next === undefined ? { what: "end" } : { what: "gap", end: next.start, torn: true };
    }
    if (next !== undefined && this.#isCutByPiece(at, end)) {
      return { what: "gap", end: next.start, torn: false };
    }
    const isConfirmed = next?.start === end || this.seal === end ||
      "DSFH".startsWith(text(this.bytes, end, Math.min(4, this.bytes.length - end)));
    if (isConfirmed) return { what: "frame", end, record: header };
    return next === undefined ? { what: "end" } : { what: "gap", end: next.start, torn: false };
  }

  /** Whether only the trailer's CRC is wrong, by more than one bit, and ends as headers begin. */
  #isCutByPiece(at: number, end: number): boolean {
    if (text(this.bytes, end - 64, 4) !== "DSFT") return false;
    if (text(this.bytes, at + 4, 56) !== text(this.bytes, end - 60, 56)) return false;
    const right = crc32(this.bytes.subarray(end - 64, end - 4));
    const difference = (right ^ this.view.getUint32(end - 4, true)) >>> 0;
    const bits = difference.toString(2).replaceAll("0", "").length;
    return bits > 1 &&
      [1, 2, 3, 4].some((count) =>
        difference % 2 ** (8 * (4 - count)) === 0 &&
        /^(D|DS|DSF)+$/.test(text(this.bytes, end - count, count))
      );
  }

  /** First at the two places where a copy in a user's data is impossible. */
  #saltOfFrames(): number {
    for (const at of [64, this.bytes.length - 64]) {
      if (at > 0 && this.#recordAt(at) !== undefined) return this.view.getUint32(at + 8, true);
    }
    for (let at = this.bytes.indexOf(0x44, 64); at >= 0; at = this.bytes.indexOf(0x44, at + 1)) {
      if (this.#recordAt(at) !== undefined) return this.view.getUint32(at + 8, true);
    }
    return -1;
  }

  #recordAt(at: number): Record | undefined {
    if (at + 64 > this.bytes.length) return undefined;
    const magic = text(this.bytes, at, 4);
    if ((magic !== "DSFH" && magic !== "DSFT") || !this.#isSummed(at)) return undefined;
    const u32 = (offset: number) => this.view.getUint32(at + offset, true);
    const [kind, flags] = this.bytes.subarray(at + 4, at + 6);
    const extentCount = this.view.getUint16(at + 6, true);
    const [count, metadataBytes, dataBytes] = [u32(24), u32(28), u32(32)];
    if (kind < EVENTS || kind > CHUNK || (kind !== EVENTS && count > 0)) return undefined;
    const bytes = 128 + tableBytes(flags, count) + extentBytes(extentCount) + sumBytes(dataBytes) +
      metadataBytes + dataBytes;
    if (bytes > 2 ** 31 - 1) return undefined;
    const writer = text(this.bytes, at + 16, 8);
    const [time, anchorId, anchorOffset] = [this.uint64(at + 40), this.uint64(at + 48), u32(56)];
    const isTrailer = magic === "DSFT";
    return {
      ...{
        kind,
        flags,
        extentCount,
        writer,
        sequence: u32(12),
        count,
        metadataBytes,
        dataBytes,
        headCrc: u32(36),
      },
      ...{ time, anchorId, anchorOffset, isTrailer, bytes },
    };
  }

  #isSummed(at: number): boolean {
    return crc32(this.bytes.subarray(at, at + 60)) === this.view.getUint32(at + 60, true);
  }

  #search(
    from: number,
    startMin: number,
    seen: Map<string, number>,
  ): { start: number; record: Record } | undefined {
    for (let at = this.bytes.indexOf(0x44, from); at >= 0; at = this.bytes.indexOf(0x44, at + 1)) {
      const record = this.record(at);
      if (record === undefined) continue;
      const start = record.isTrailer ? at + 64 - record.bytes : at;
      if (start >= startMin && record.sequence > (seen.get(record.writer) ?? -1)) return { start, record };
    }
    return undefined;
  }

  /** Whether another header, or as much of its magic as the file has, begins in place of a trailer. */
  #isCutBefore(end: number): boolean {
    for (let at = end - 63; at < end; at++) {
      const there = text(this.bytes, at, Math.min(4, this.bytes.length - at));
      if (
        there !== "" && "DSFH".startsWith(there) &&
        (there.length === 4 || at + there.length === this.bytes.length)
      ) return true;
    }
    return false;
  }
}

/** Sizes of the parts of a head. */
export function tableBytes(flags: number, count: number): number {
  return flags & LOST ? 0 : count * (flags & HAS_DATA ? 8 : 4);
}

export function extentBytes(count: number): number {
  return count > 0 ? 8 + 16 * count : 0;
}

export function sumBytes(dataBytes: number): number {
  return 4 * Math.ceil(dataBytes / 65536);
}

/** Bytes as a string that is equal if they are. */
function text(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}
