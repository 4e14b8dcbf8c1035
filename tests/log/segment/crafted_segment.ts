/** Builds segments part by part, in memory: every kind of damage in a few hundred bytes. */
import { core } from "../../../src/log/format/core/core.ts";
import {
  DATA_LOST_MARK,
  FLAG,
  type FrameSizes,
  KIND,
  layoutOf,
  RECORD,
  SEGMENT_HEADER_BYTES,
} from "../../../src/log/format/bytes.ts";
import { encodeExtents, tableStride } from "../../../src/log/format/frame_body.ts";
import { Partition } from "../../../src/log/partition.ts";
import { entriesFrom, type Entry } from "../../../src/log/segment/entries.ts";
import { encodeIndexEntry } from "../../../src/log/format/index_entry.ts";
import { encodeSegmentHeader } from "../../../src/log/format/segment_header.ts";
import { Segment, segmentName, startOf } from "../../../src/log/segment/segment_file.ts";
import { SimulatedDisk } from "../../simulation/disk/disk.ts";
import { Inode } from "../../simulation/disk/inode.ts";
import { SimulatedProcess } from "../../simulation/disk/process.ts";
import { sumBlocks } from "../../wasm/sample_frame.ts";

/** The partition's folder. */
export const DIRECTORY = "/segments";
export const SALT = 0xabcdef01;
export const CREATED = 5000;

/** Bytes, or a frame, with a default for every field. */
export type Part = Uint8Array | FramePart;

/** A frame; part numbers refer to their offsets, and the number after the last part to the end. */
export interface FramePart {
  kind?: number;
  flags?: number;
  /** Events. */
  count?: number;
  /** The data of its first event, or of the chunk. */
  data?: Uint8Array;
  /** The data of its only event, in chunks: each a part, or a segment and an offset, with its bytes. */
  extents?: readonly { segmentId?: number; part?: number; offset?: number; bytes: number }[];
  /** The events that lost their data, by a repair. */
  dataLost?: readonly number[];
  time?: number;
  writer?: number;
  /** By default, counts the parts. */
  sequence?: number;
  /** The part it is anchored at, and the id that came next there. By default the first one and its id. */
  anchor?: [part: number, id: number];
  /** How many of its bytes exist; by default all. */
  bytes?: number;
  /** What is damaged by one flipped bit. */
  damaged?: readonly ("header" | "trailer" | "header magic" | "trailer magic" | "head" | "data")[];
}

/** The surroundings of a segment. */
export interface Surroundings {
  baseId?: number;
  /** The next segment: its first id, and where it says the seal is: a part and bytes after its beginning. */
  next?: { id: number; seal?: [part: number, bytes: number]; salt?: number; of?: number };
  /** Index entries: a part, its id, and the newest time up to there. */
  index?: readonly [part: number, id: number, time?: number][];
}

/** Bytes that are not a record. */
export function noise(bytes: number): Uint8Array {
  return new Uint8Array(bytes).fill(0xee);
}

/** A segment with these parts. */
export class CraftedSegment {
  readonly storage: SimulatedProcess;
  readonly baseId: number;
  /** Where each part begins, and where the last one ends. */
  readonly offsets: number[] = [];
  readonly segment: Segment;
  readonly #contents: Uint8Array[];

  constructor(parts: readonly Part[], { baseId = 0, next, index }: Surroundings = {}) {
    this.storage = new SimulatedProcess(new SimulatedDisk(1));
    this.storage.makeDirectory(DIRECTORY);
    this.baseId = baseId;
    let end = SEGMENT_HEADER_BYTES;
    for (const part of parts) {
      this.offsets.push(end);
      end += part instanceof Uint8Array ? part.byteLength : Math.min(part.bytes ?? Infinity, sizeOf(part));
    }
    this.offsets.push(end);
    this.#contents = parts.map((part, number) => this.#encode(part, number));
    const header = encodeSegmentHeader({ partition: 0, salt: SALT, baseId, created: CREATED });
    this.#write(baseId, joined([header, ...this.#contents]));
    if (next !== undefined) {
      const { id, seal, salt = SALT, of = baseId } = next;
      const sealOffset = seal === undefined ? 0 : this.offsets[seal[0]] + seal[1];
      const after = { baseId: of, sealOffset, salt };
      this.#write(id, encodeSegmentHeader({ partition: 0, salt: 7, baseId: id, created: CREATED, after }));
    }
    if (index !== undefined) {
      const entries = index.map(([part, id, time = CREATED]) => this.#indexEntry(part, id, time));
      this.storage.publish(`${DIRECTORY}/${segmentName(baseId).replace("log", "idx")}`, joined(entries));
    }
    this.segment = new Segment(this.storage, `${DIRECTORY}/${segmentName(baseId)}`, { partition: 0, baseId });
    if (next !== undefined) this.segment.endId = next.id;
  }

  /** The partition that it is in. */
  partition(): Partition {
    const { storage } = this;
    return new Partition({ storage, directory: DIRECTORY, topic: "t", partition: 0 });
  }

  /** The bytes of a part. */
  bytesOf(part: number): Uint8Array {
    return this.#contents[part];
  }

  /** Adds bytes at the end, as another process does. */
  append(bytes: Uint8Array): void {
    const file = this.storage.open(this.segment.path, "append");
    file.append(bytes);
    file.close();
  }

  /** What a reader finds, one line per entry. */
  entries(ahead = 4096): string[] {
    return [...entriesFrom(startOf(this.segment), ahead)].map((entry) => this.describe(entry));
  }

  /** The same for the file that has its name now. */
  reopened(): string[] {
    const { storage, path, endId } = this.segment;
    const segment = new Segment(storage, path, { partition: 0, baseId: this.baseId });
    segment.endId = endId;
    return [...entriesFrom(startOf(segment), 4096)].map((entry) => this.describe(entry));
  }

  /** An entry, by the parts at which it begins and ends. */
  describe(entry: Entry): string {
    const at = this.place(entry.offset);
    if (entry.kind === "frame") {
      return `${at}: ${entry.damaged === undefined ? "" : `${entry.damaged} damaged, `}id ${entry.id}`;
    }
    if (entry.kind === "gap") {
      const ids = entry.torn ? `torn, ${entry.id}` : `lost ${entry.id} to ${entry.endId}`;
      return `${at}: ${ids}, up to ${this.place(entry.endOffset)}`;
    }
    if (entry.kind === "end") return `end ${entry.id}${entry.terminal ? " for good" : ""}`;
    return `${at}: tail ${entry.id}${entry.pending ? " pending" : ""}${entry.isHole ? " hole" : ""}`;
  }

  /** The part that begins at an offset, or the offset. */
  place(offset: number): string {
    const part = this.offsets.indexOf(offset);
    return part < 0 ? `byte ${offset}` : `${part}`;
  }

  #write(baseId: number, content: Uint8Array): void {
    const path = `${DIRECTORY}/${segmentName(baseId)}`;
    this.storage.disk.names.link(path, new Inode());
    this.storage.disk.names.file(path).append(content);
  }

  #encode(part: Part, number: number): Uint8Array {
    if (part instanceof Uint8Array) return part;
    const { kind = KIND.events, data, extents = [], time = CREATED, sequence = number, writer = 1 } = part;
    const { anchor = [0, this.baseId], bytes, damaged = [], dataLost = [] } = part;
    const sizes = sizesOf(part);
    const layout = layoutOf(sizes);
    const at = core.ensureEncodeArea(0);
    core.u8.fill(0, at, at + layout.frameBytes);
    if (data !== undefined) core.u8.set(data, at + layout.data);
    if (sizes.flags & FLAG.hasData) core.view.setUint32(at + layout.table + 4, data!.byteLength, true);
    for (const event of dataLost) {
      core.view.setUint32(at + layout.table + event * tableStride(sizes.flags), DATA_LOST_MARK, true);
    }
    if (extents.length > 0) {
      const list = extents.map(({ segmentId = this.baseId, part, offset, bytes }) => ({
        segmentId,
        offset: offset ?? this.offsets[part!],
        dataBytes: bytes,
      }));
      const totalBytes = list.reduce((sum, { dataBytes }) => sum + dataBytes, 0);
      encodeExtents(core.view, at + layout.extents, { totalBytes, list });
    }
    sumBlocks(at, sizes);
    core.encodeFrame(at, kind, sizes, {
      ...{ salt: SALT, sequence, nonceLow: writer, nonceHigh: 9, time },
      ...{ anchorId: anchor[1], anchorOffset: this.offsets[anchor[0]] },
    });
    const frame = core.u8.slice(at, at + layout.frameBytes);
    // The time, so that the magic stays intact, or the magic.
    const damage = {
      header: RECORD.time,
      trailer: layout.trailer + RECORD.time,
      "header magic": 0,
      "trailer magic": layout.trailer,
      head: layout.table,
      data: layout.data,
    };
    for (const what of damaged) frame[damage[what]]! ^= 1;
    return frame.subarray(0, bytes);
  }

  #indexEntry(part: number, id: number, time: number): Uint8Array {
    const record = this.#contents[part];
    const recordCrc = new DataView(record.buffer, record.byteOffset).getUint32(RECORD.crc, true);
    return encodeIndexEntry({ id, time, offset: this.offsets[part], recordCrc, salt: SALT });
  }
}

function sizesOf(
  { kind = KIND.events, count = kind === KIND.events ? 1 : 0, ...part }: FramePart,
): FrameSizes {
  const { data, extents = [], dataLost } = part;
  const hasData = data !== undefined && kind === KIND.events ? FLAG.hasData : 0;
  const flags = (part.flags ?? 0) | hasData | (dataLost === undefined ? 0 : FLAG.dataLost);
  const dataBytes = data?.byteLength ?? 0;
  return { flags, count, extentCount: extents.length, metadataBytes: 0, dataBytes };
}

function sizeOf(part: FramePart): number {
  return layoutOf(sizesOf(part)).frameBytes;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return bytes;
}
