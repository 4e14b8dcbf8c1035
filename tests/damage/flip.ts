/** What must hold whatever byte of a partition is flipped. */
import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import type { Finding } from "../../src/log/check/finding.ts";
import { FLAG, KIND, RECORD_BYTES, SEGMENT_HEADER_BYTES } from "../../src/log/format/bytes.ts";
import { extentsOf } from "../../src/log/segment/frame_check.ts";
import type { FrameRecord } from "../../src/log/format/frame_header.ts";
import { step } from "../../src/log/segment/frame_scanner.ts";
import type { Segment } from "../../src/log/segment/segment_file.ts";
import { indexPath } from "../../src/log/segment/index.ts";
import { verifyPartition, verifyPosition } from "../../src/log/check/verify.ts";
import type { Storage } from "../../src/storage/port.ts";
import { openSample, readSample, type StoredEvent } from "./sample_partition.ts";

/** Where a partition and a consumer's position in it are. */
export interface Places {
  directory: string;
  position: string;
}

/** Bytes of a file that have no meaning: from, to. */
type Region = [from: number, to: number];

/** An intact store, and what is known about it. */
export class Sweep {
  readonly #baseline = new Set<string>();
  /** The remains of interrupted writes, and what was written after a seal. */
  readonly #harmless = new Map<string, Region[]>();

  private constructor(
    private readonly open: () => Storage,
    private readonly places: Places,
    private readonly expected: ReadonlyMap<number, StoredEvent>,
  ) {}

  /** Takes an intact store; `open` opens it as another process would. */
  static async over(
    open: () => Storage,
    places: Places,
    expected: ReadonlyMap<number, StoredEvent>,
  ): Promise<Sweep> {
    const sweep = new Sweep(open, places, expected);
    for (const finding of await sweep.#verify()) {
      assertEquals(finding.severity, "torn", finding.reason);
      sweep.#baseline.add(keyOf(finding));
      if (finding.kind === "leftover") {
        sweep.#addHarmless(finding.file, finding.offset, finding.offset + finding.bytes!);
      }
    }
    sweep.#findVoid();
    sweep.#checkReading(new Set());
    return sweep;
  }

  /** Checks everything after one byte of a file was changed; returns whether the byte mattered. */
  async check(file: string, offset: number): Promise<boolean> {
    const findings = (await this.#verify()).filter((finding) => !this.#baseline.has(keyOf(finding)));
    const reported = findings.filter(({ severity }) => severity !== "torn");
    const isHarmless = this.#harmless.get(file)?.some(([from, to]) => offset >= from && offset < to) ?? false;
    if (!isHarmless) {
      assert(
        reported.some((finding) => isAbout(finding, file, offset)),
        `verify is silent: ${JSON.stringify(findings)}`,
      );
    }
    const lost = new Set(reported.filter(({ severity }) => severity === "damage").flatMap(idsOf));
    this.#checkReading(lost);
    return !isHarmless;
  }

  /** Which features of the format a store has. */
  static featuresOf(storage: Storage, places: Places): Set<string> {
    const features = new Set<string>();
    const partition = openSample(storage, places.directory);
    for (const baseId of partition.segmentIds()) {
      const segment = partition.segment(baseId);
      for (let offset = SEGMENT_HEADER_BYTES, isDiscarded = false;;) {
        const next = step(segment, offset, RECORD_BYTES);
        if (next.kind === "tail") break;
        const bytes = next.endOffset - offset;
        const names: string[] = next.kind === "frame"
          ? isDiscarded ? ["discarded frame"] : frameFeatures(next.frame, { segment, offset })
          : [bytes < RECORD_BYTES ? "torn header" : bytes < RECORD_BYTES + 50 ? "torn head" : "torn trailer"];
        for (const name of names) features.add(name);
        isDiscarded ||= names.includes("seal");
        offset = next.endOffset;
      }
      if ((storage.stat(indexPath(segment))?.bytes ?? 0) > 0) features.add("index");
    }
    if (storage.stat(places.position) !== undefined) features.add("position");
    partition.close();
    return features;
  }

  async #verify(): Promise<Finding[]> {
    const storage = this.open();
    const partition = openSample(storage, this.places.directory);
    const findings = verifyPosition(storage, this.places.position, 0);
    for await (const finding of verifyPartition(partition)) findings.push(finding);
    partition.close();
    return findings;
  }

  /**
   * Every event except the lost ones is read, unchanged and under its id; the reader reports the same ones as
   * lost.
   */
  #checkReading(lost: ReadonlySet<number>): void {
    const partition = openSample(this.open(), this.places.directory);
    const { events, damage, nextId } = readSample(partition, true);
    const reported = new Set(damage.flatMap(idsOf));
    assertEquals(
      [...reported].sort(byNumber),
      [...lost].sort(byNumber),
      "reader and verify name different events",
    );
    for (const [id, event] of this.expected) {
      const read = events.get(id);
      assert(
        (read !== undefined) !== lost.has(id),
        `event ${id} is ${read === undefined ? "missing" : "there"}`,
      );
      if (read !== undefined) assertSame(read, event);
    }
    assertEquals([events.size + lost.size, nextId], [this.expected.size, this.expected.size]);
    // Metadata is also read without the data, and nothing less of it must be readable then.
    const withoutData = readSample(partition, false).events;
    for (const [id, event] of withoutData) assertEquals(event.metadata, this.expected.get(id)?.metadata);
    assert(withoutData.size >= events.size);
    partition.close();
  }

  #findVoid(): void {
    const partition = openSample(this.open(), this.places.directory);
    for (const baseId of partition.segmentIds()) {
      const segment = partition.segment(baseId);
      for (let offset = SEGMENT_HEADER_BYTES;;) {
        const next = step(segment, offset, RECORD_BYTES);
        if (next.kind === "tail") break;
        offset = next.endOffset;
        if (next.kind !== "frame" || next.frame.kind !== KIND.seal) continue;
        this.#addHarmless(segment.path, offset, segment.file.size());
        break;
      }
    }
    partition.close();
  }

  #addHarmless(file: string, from: number, to: number): void {
    this.#harmless.set(file, [...this.#harmless.get(file) ?? [], [from, to]]);
  }
}

function frameFeatures(frame: FrameRecord, place: { segment: Segment; offset: number }): string[] {
  if (frame.kind === KIND.seal) return ["seal"];
  if (frame.kind === KIND.chunk) return ["chunk"];
  const { list } = extentsOf({ ...place, frame });
  return [
    frame.flags & FLAG.jsonText ? "text" : "bytes",
    ...frame.dataBytes > 0 ? ["data"] : [],
    ...list.length > 0 ? ["extents"] : [],
    ...list.some(({ segmentId }) => segmentId < place.segment.baseId) ? ["data in an older segment"] : [],
  ];
}

function keyOf({ kind, file, offset, reason }: Finding): string {
  return `${kind} ${file} ${offset} ${reason}`;
}

/** Whether a finding names the file and, in a log, an offset not after the flipped byte. */
function isAbout(finding: Finding, file: string, offset: number): boolean {
  return finding.file === file && finding.offset <= offset;
}

function idsOf({ firstId, endId }: { firstId: number; endId: number }): number[] {
  return Array.from({ length: endId - firstId }, (_, index) => firstId + index);
}

function assertSame(read: StoredEvent, event: StoredEvent): void {
  assert(read.metadata === event.metadata, `metadata of event ${event.id}: ${read.metadata}`);
  assert(Buffer.compare(read.data, event.data) === 0, `data of event ${event.id}`);
}

function byNumber(a: number, b: number): number {
  return a - b;
}
