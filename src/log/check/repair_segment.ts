import { basename } from "node:path";
import { StorageError } from "../../errors.ts";
import { KIND, RECORD_BYTES, SEGMENT_HEADER_BYTES } from "../format/bytes.ts";
import type { FrameAt } from "../segment/frame_check.ts";
import {
  encodeTombstoneSegment,
  type FrameWriter,
  tombstoneBytesMin,
  type TombstoneRegion,
  tombstones,
} from "./tombstone.ts";
import type { Partition } from "../partition.ts";
import { giveUpData, writeRecords } from "./repair_frame.ts";
import type { RepairStep } from "./plan.ts";
import { step as scan, stepsFrom } from "../segment/frame_scanner.ts";
import { encodeSegmentHeader, type SealedSegment } from "../format/segment_header.ts";
import { baseIdOf, Segment, startOf } from "../segment/segment_file.ts";
import {
  bestEffort,
  isLeftover,
  randomHex,
  type Storage,
  type StorageFile,
  writeAllAt,
} from "../../storage/port.ts";
import { Pace } from "./pace.ts";
import { SegmentCheck } from "./verify_segment.ts";
import { sealLast } from "../write/writer.ts";
import { entriesFrom } from "../segment/entries.ts";

/**
 * Carries out the steps that affect one segment: in a copy, which is checked and then replaces the segment atomically.
 * A crash before that leaves the segment as it was.
 */
export class SegmentRepair {
  readonly #baseId: number;
  readonly #path: string;
  /** A name that readers ignore, and that no other repair uses. */
  readonly #draft: string;
  readonly #writer: FrameWriter;

  constructor(private readonly partition: Partition, file: string) {
    const { storage } = partition;
    this.#baseId = baseIdOf(basename(file))!;
    this.#path = file;
    this.#draft = `${partition.directory}/.${randomHex(storage)}.${basename(file)}`;
    this.#writer = {
      salt: 0,
      sequence: 0,
      nonceLow: storage.random32(),
      nonceHigh: storage.random32(),
      time: storage.now(),
    };
  }

  /** Repairs the segment; the original is copied to `keptFile` first. */
  async run(steps: readonly RepairStep[], keptFile: string): Promise<void> {
    const { partition } = this;
    const { storage } = partition;
    bestEffort(() => this.#removeLeftovers());
    const isThere = storage.stat(this.#path) !== undefined;
    const making = steps.find(({ kind }) => kind === "make segment");
    // Writers move to a new segment: what they append to this one would be lost with its file.
    if (making === undefined && partition.segmentIds().at(-1) === this.#baseId) sealLast(partition);
    if (isThere) copyFile(storage, this.#path, keptFile);
    if (making !== undefined) this.#make(making);
    else this.#change(steps);
    await this.#check(making?.endId ?? endIdOf(partition.segmentFor(this.#baseId)!));
    partition.close();
    storage.rename(this.#draft, this.#path);
    storage.syncDirectory(partition.directory);
  }

  /** Removes the drafts of repairs that were killed. */
  #removeLeftovers(): void {
    const { storage, directory } = this.partition;
    for (const name of storage.list(directory)) {
      const path = `${directory}/${name}`;
      const isDraft = name.startsWith(".") && name.endsWith(`.${basename(this.#path)}`);
      if (isDraft && isLeftover(storage, path)) storage.remove(path);
    }
  }

  /** Makes a segment that has nothing but the ids of its events. */
  #make({ firstId, endId }: RepairStep): void {
    const { storage, partition } = this.partition;
    const previous = segmentBefore(this.partition, firstId);
    this.#writer.salt = this.#saltNamedByNext(firstId) ?? storage.random32();
    // Segments are ordered by time: not before the previous one.
    this.#writer.time = previous?.created ?? 0;
    const { salt, time: created } = this.#writer;
    const header = { partition, baseId: firstId, salt, created, after: previous && sealOf(previous) };
    storage.publish(this.#draft, encodeTombstoneSegment(header, endId, this.#writer));
  }

  /** By which salt the next segment knows the one that begins with this id. */
  #saltNamedByNext(baseId: number): number | undefined {
    const nextId = this.partition.segmentFrom(baseId + 1).baseId;
    const named = nextId === undefined ? undefined : this.partition.segment(nextId).previous;
    return named?.baseId === baseId && named.salt !== 0 ? named.salt : undefined;
  }

  #change(steps: readonly RepairStep[]): void {
    const { storage } = this.partition;
    copyFile(storage, this.#path, this.#draft);
    const original = this.partition.segmentFor(this.#baseId)!;
    this.#writer.salt = original.salt;
    const copy = storage.open(this.#draft, "update");
    try {
      for (const step of steps) this.#apply(step, original, copy);
      copy.syncNow();
    } finally {
      copy.close();
    }
  }

  #apply(step: RepairStep, original: Segment, copy: StorageFile): void {
    const { offset, bytes, firstId, endId } = step;
    switch (step.kind) {
      case "write header": {
        const { partition, baseId, salt, created } = original;
        const previous = segmentBefore(this.partition, baseId);
        const after = previous && sealOf(previous);
        return writeAllAt(copy, encodeSegmentHeader({ partition, baseId, salt, created, after }), 0);
      }
      case "restore records":
        return writeRecords(copy, frameAt(original, offset));
      case "give up data": {
        const first = firstId - step.frameId!;
        return giveUpData(copy, frameAt(original, offset), { first, end: first + endId - firstId });
      }
      case "give up events":
        return this.#overwrite(copy, original, { offset, bytes: bytes!, firstId, endId });
      case "give up end": {
        // What is there now is not a frame, and the file may have to grow a little.
        const there = original.file.size() - offset;
        const region = { offset, bytes: Math.max(there, tombstoneBytesMin(endId - firstId)), firstId, endId };
        return this.#overwrite(copy, original, region);
      }
    }
  }

  #overwrite(copy: StorageFile, original: Segment, region: TombstoneRegion): void {
    const found = scan(original, region.offset, RECORD_BYTES);
    this.#writer.time = found.kind === "frame" ? found.frame.time : original.created;
    for (const { offset, bytes } of tombstones(region, this.#writer)) writeAllAt(copy, bytes, offset);
  }

  /** Checks that the copy is intact, and ends before the same id as the segment. */
  async #check(endId: number): Promise<void> {
    const { partition } = this;
    const ids = { partition: partition.partition, baseId: this.#baseId };
    const copy = new Segment(partition.storage, this.#draft, ids);
    copy.endId = partition.segmentFrom(this.#baseId + 1).baseId;
    try {
      const check = new SegmentCheck(partition, copy, new Map(), new Pace({}));
      for await (const { severity, kind, reason, offset } of check.findings()) {
        if (severity === "torn" || kind === "dependency marker") continue;
        throw this.#failed(`${reason} at byte ${offset}`);
      }
      if (check.endId !== endId) throw this.#failed(`it would end before event ${check.endId}, not ${endId}`);
    } finally {
      copy.close();
    }
  }

  #failed(reason: string): StorageError {
    return new StorageError(
      "EIO",
      `Cannot repair "${this.#path}": ${reason} in the repaired copy; nothing was changed`,
    );
  }
}

function frameAt(segment: Segment, offset: number): FrameAt {
  const found = scan(segment, offset, RECORD_BYTES);
  if (found.kind === "frame") return { segment, offset, frame: found.frame };
  throw new StorageError(
    "EIO",
    `Cannot repair "${segment.path}": no frame is at byte ${offset} any more; verify again`,
  );
}

function endIdOf(segment: Segment): number {
  let endId = segment.baseId;
  for (const entry of entriesFrom(startOf(segment), RECORD_BYTES)) endId = entry.id;
  return endId;
}

function segmentBefore(partition: Partition, baseId: number): Segment | undefined {
  return partition.segmentIds().some((id) => id < baseId) ? partition.segmentFor(baseId - 1) : undefined;
}

/** Where a segment ends; undefined if it has no seal. */
export function sealOf(segment: Segment): SealedSegment | undefined {
  for (const next of stepsFrom(segment, SEGMENT_HEADER_BYTES, RECORD_BYTES)) {
    if (next.kind === "frame" && next.frame.kind === KIND.seal) {
      return { baseId: segment.baseId, sealOffset: next.offset, salt: segment.salt };
    }
  }
}

const PIECE_BYTES = 1 << 20;

/** Copies a file piece by piece and syncs the copy; an existing file is replaced. */
export function copyFile(storage: Storage, from: string, to: string): void {
  storage.remove(to);
  storage.publish(to, new Uint8Array(0));
  const source = storage.open(from, "read");
  try {
    const target = storage.open(to, "update");
    try {
      const piece = new Uint8Array(PIECE_BYTES);
      for (let offset = 0;;) {
        const bytes = source.readAt(piece, offset);
        if (bytes === 0) break;
        writeAllAt(target, piece.subarray(0, bytes), offset);
        offset += bytes;
      }
      target.syncNow();
    } finally {
      target.close();
    }
  } finally {
    source.close();
  }
}
