import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Partition } from "../../src/log/partition.ts";
import { sealLast } from "../../src/log/mod.ts";
import { PartitionReader } from "../../src/log/read/reader.ts";
import { verifyPartition } from "../../src/log/check/verify.ts";
import { PartitionWriter, type WriterOptions } from "../../src/log/write/writer.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import type { Storage } from "../../src/storage/port.ts";

/** An event in the form that these tests compare. */
export interface ReadEvent {
  id: number;
  metadata: string;
  dataBytes: number;
}

/** A partition's folder for one test. */
export class PartitionFolder implements Disposable {
  readonly directory: string = mkdtempSync(join(tmpdir(), "diaspora-partition-"));
  #partitions: Partition[] = [];

  /** The partition as another process sees it, through this storage. */
  open(storage: Storage = nodeStorage): Partition {
    const { directory } = this;
    const partition = new Partition({
      storage,
      directory,
      topic: "topic",
      partition: 0,
      indexIntervalBytes: 256,
    });
    this.#partitions.push(partition);
    return partition;
  }

  /** A writer as in a separate process. */
  writer(options: Partial<WriterOptions> = {}, storage?: Storage): PartitionWriter {
    const defaults: WriterOptions = { flushBehavior: "buffered", segmentBytesMax: 1 << 20 };
    return new PartitionWriter(this.open(storage), { ...defaults, ...options });
  }

  /** Ends the last segment, through this storage. */
  seal(storage?: Storage): void {
    sealLast(this.open(storage));
  }

  /** Everything stored, read as by a new process. */
  events(storage?: Storage): ReadEvent[] {
    const reader = new PartitionReader(this.open(storage), { dataWanted: true, onCorruption: "throw" });
    reader.seek("earliest");
    return readOn(reader);
  }

  /** What `verify` reports as damage. */
  async damage(): Promise<string[]> {
    const found: string[] = [];
    for await (const { severity, reason, offset } of verifyPartition(this.open())) {
      if (severity === "damage") found.push(`${reason} at ${offset}`);
    }
    return found;
  }

  [Symbol.dispose](): void {
    for (const partition of this.#partitions) partition.close();
    rmSync(this.directory, { recursive: true });
  }
}

/** Reads to the current end, with the data unless `dataWanted` is false. */
export function readOn(reader: PartitionReader, dataWanted = true): ReadEvent[] {
  const events: ReadEvent[] = [];
  for (let batch = reader.read(100); batch !== undefined; batch = reader.read(100)) {
    for (let index = 0; index < batch.count; index++) {
      const dataBytes = batch.dataSize(index);
      if (dataWanted) batch.viewData(index, { offset: 0, size: dataBytes });
      events.push({ id: batch.baseId + index, metadata: batch.metadataText!(index), dataBytes });
    }
  }
  return events;
}

/** A batch of one event. */
export function single(metadata: string, dataBytes = 0) {
  const data = dataBytes === 0 ? undefined : [new Uint8Array(dataBytes).fill(7)];
  return { count: 1, metadata: [metadata], data, dataBytes };
}
