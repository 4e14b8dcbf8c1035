import { randomUUID } from "node:crypto";
import { readDocument } from "../drivers/files/layout.ts";
import { ContentMismatchError, EventGoneError } from "../errors.ts";
import type { Event } from "../event.ts";
import type { JsonObject } from "../json.ts";
import { ofPartition } from "../contract/partitions.ts";
import { nodeStorage } from "../storage/node.ts";
import type { Topic } from "../topic.ts";
import type { TransferCount } from "./transfer.ts";

/** The progress of one partition's export: what is certainly on disk. */
interface PartitionCheckpoint extends TransferCount {
  /** Id after the last exported event. */
  nextId: number;
  /** Timestamp of the last event, by which it is recognized. */
  timestamp: number;
}

/** Bytes written between two checkpoints. */
const INTERVAL_BYTES = 64 * 1024 * 1024;

/** The progress of an export, stored in a file so that a later run can resume it. */
export class Checkpoint {
  #sinceSaved = 0;

  private constructor(
    readonly path: string,
    private readonly topic: string,
    private readonly partitions: PartitionCheckpoint[],
  ) {}

  /** The checkpoint of an earlier run, or a new one. */
  static load(path: string, topic: Topic): Checkpoint {
    const beginning = { nextId: 0, timestamp: 0, events: 0, metadataBytes: 0, dataBytes: 0 };
    const document = readDocument(nodeStorage, path);
    if (document === undefined) {
      return new Checkpoint(path, topic.name, topic.partitions.map(() => ({ ...beginning })));
    }
    const partitions = document.partitions as unknown as PartitionCheckpoint[];
    if (document.topic !== topic.name || partitions.length !== topic.partitions.length) {
      throw mismatch(topic.name, path, `it is of topic "${document.topic}"`);
    }
    return new Checkpoint(path, topic.name, partitions);
  }

  /** The progress of one partition. */
  of(partition: number): PartitionCheckpoint {
    return ofPartition(this.partitions, partition);
  }

  /** Records progress; returns true when it is time to sync and save. */
  note(partition: number, last: Event, count: Readonly<TransferCount>): boolean {
    const before = this.of(partition);
    this.#sinceSaved += count.metadataBytes + count.dataBytes - before.metadataBytes - before.dataBytes;
    this.partitions[partition] = { ...count, nextId: last.id + 1, timestamp: last.timestamp };
    return this.#sinceSaved >= INTERVAL_BYTES;
  }

  /** Saves the checkpoint. Everything recorded must have been synced before. */
  save(): void {
    const document = { topic: this.topic, partitions: this.partitions };
    nodeStorage.replace(
      this.path,
      new TextEncoder().encode(JSON.stringify(document as unknown as JsonObject)),
    );
    this.#sinceSaved = 0;
  }

  /** Throws `ContentMismatchError` unless the last exported event is still in the topic. */
  async confirm(topic: Topic, partition: number): Promise<void> {
    const { nextId, timestamp } = this.of(partition);
    if (nextId === 0) return;
    await using consumer = topic.consumer(`export-${randomUUID()}`, {
      partitions: [partition],
      from: { id: nextId - 1 },
    });
    try {
      // Not by a pull that does not wait: a remote engine has nothing at hand.
      for await (const event of consumer.events({ until: "end" })) {
        if (event.id === nextId - 1 && event.timestamp === timestamp) return;
        break;
      }
    } catch (error) {
      if (!(error instanceof EventGoneError)) throw error;
    }
    throw mismatch(topic.name, this.path, `event ${nextId - 1} of partition ${partition} has changed`);
  }
}

function mismatch(topic: string, path: string, why: string): ContentMismatchError {
  return new ContentMismatchError(
    `Cannot continue the export of topic "${topic}" noted in "${path}": ${why}; remove the folder to begin anew`,
  );
}
