import { Appender } from "../write/appender.ts";
import { copyFile, writeAllAt } from "./copy_file.ts";
import { StorageError } from "../../errors.ts";
import { RECORD_BYTES, type Signature } from "../format/bytes.ts";
import type { FrameAt } from "../read/frame_check.ts";
import { tombstoneBytesMin, type TombstoneRegion, tombstones } from "./tombstone.ts";
import { encodeTombstoneSegment, sealedBefore } from "./tombstone_segment.ts";
import type { Partition } from "../partition.ts";
import { giveUpData, writeRecords } from "./repair_frame.ts";
import type { RepairStep } from "./plan.ts";
import { step as scan } from "../segment/frame_scanner.ts";
import { encodeSegmentHeader } from "../format/segment_header.ts";
import { baseIdOf, Segment } from "../segment/segment_file.ts";
import type { StorageFile } from "../../storage/port.ts";
import { Pace } from "./pace.ts";
import { SegmentCheck } from "./verify_segment.ts";
import { entriesFrom, positionAfter } from "../segment/entries.ts";
import { startOf } from "../segment/log_position.ts";

/**
 * Carries out the steps that affect one segment: in a copy, which is checked and then replaces the segment atomically.
 * A crash before that leaves the segment as it was.
 */
export class SegmentRepair {
  readonly #baseId: number;
  readonly #path: string;
  /** A name that readers ignore. */
  readonly #draft: string;
  #signature: Omit<Signature, "anchorId" | "anchorOffset">;

  constructor(private readonly partition: Partition, file: string) {
    const { storage } = partition;
    const name = file.slice(file.lastIndexOf("/") + 1);
    this.#baseId = baseIdOf(name)!;
    this.#path = file;
    this.#draft = `${partition.directory}/.${name}`;
    this.#signature = {
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
    const isThere = storage.stat(this.#path) !== undefined;
    const making = steps.find(({ kind }) => kind === "make segment");
    // Writers move to a new segment: what they append to this one would be lost with its file.
    if (making === undefined && this.#isLast()) this.#seal();
    if (isThere) copyFile(storage, this.#path, keptFile);
    if (making !== undefined) this.#make(making);
    else this.#change(steps);
    await this.#check(steps);
    partition.close();
    storage.rename(this.#draft, this.#path);
    storage.syncDirectory(partition.directory);
  }

  #isLast(): boolean {
    const ids = this.partition.segmentIds();
    return ids[ids.length - 1] === this.#baseId;
  }

  #seal(): void {
    const appender = new Appender(this.partition, Number.MAX_SAFE_INTEGER);
    try {
      appender.seal();
    } finally {
      appender.close();
    }
  }

  /** Makes a segment that has nothing but the ids of its events. */
  #make({ firstId, endId }: RepairStep): void {
    const { storage, partition } = this.partition;
    const previousId = this.partition.segmentIds().filter((id) => id < firstId).pop();
    const header = {
      partition,
      baseId: firstId,
      // Segments are ordered by time: not before the previous one.
      created: previousId === undefined ? 0 : this.partition.segment(previousId).created,
      after: sealedBefore(this.partition, firstId),
    };
    storage.remove(this.#draft);
    storage.publish(
      this.#draft,
      encodeTombstoneSegment(header, endId, { ...this.#signature, salt: storage.random32() }),
    );
  }

  #change(steps: readonly RepairStep[]): void {
    const { storage } = this.partition;
    copyFile(storage, this.#path, this.#draft);
    const nextId = this.partition.segmentIds().find((id) => id > this.#baseId);
    const original = this.partition.segment(this.#baseId, nextId);
    const { salt, created } = original;
    this.#signature = { ...this.#signature, salt, time: created };
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
        const after = sealedBefore(this.partition, baseId);
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
    const time = found.kind === "frame" ? found.frame.time : original.created;
    for (const { offset, bytes } of this.#tombstones(region, time)) writeAllAt(copy, bytes, offset);
  }

  *#tombstones(region: TombstoneRegion, time: number): Generator<{ offset: number; bytes: Uint8Array }> {
    for (
      const frame of tombstones(region, { ...this.#signature, sequence: this.#signature.sequence + 1, time })
    ) {
      this.#signature.sequence++;
      yield frame;
    }
  }

  /** Checks that the copy is intact, and has the same ids as the segment. */
  async #check(steps: readonly RepairStep[]): Promise<void> {
    const { partition } = this;
    const ids = partition.segmentIds();
    const nextId = ids.find((id) => id > this.#baseId);
    const copy = new Segment(partition.storage, this.#draft, partition.partition, this.#baseId);
    copy.endId = nextId;
    try {
      const check = new SegmentCheck(partition, copy, new Map(), new Pace({}));
      for await (const { severity, kind, reason, offset } of check.findings()) {
        if (severity === "torn" || kind === "dependency marker") continue;
        throw this.#failed(`${reason} at byte ${offset}`);
      }
      const endId = steps.some(({ kind }) => kind === "make segment")
        ? steps[0]!.endId
        : endIdOf(partition.segment(this.#baseId, nextId));
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
  for (const entry of entriesFrom(startOf(segment), RECORD_BYTES)) endId = positionAfter(segment, entry).id;
  return endId;
}
