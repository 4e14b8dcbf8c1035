import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { CorruptedLogError } from "../../src/errors.ts";
import { Partition } from "../../src/log/partition.ts";
import { PartitionReader } from "../../src/log/read/reader.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import { crc32 } from "./segment_file.ts";
import { readPartition } from "./independent_reader.ts";

/** Everything in a partition, in a comparable form: an event as one line, a lost id as another. */
type Lines = Map<number, string>;

/** Both readers find the same in a partition; returns the number of events. */
export function assertReadersAgree(topicPath: string, partition: number): number {
  const folder = join(topicPath, "partitions", String(partition).padStart(8, "0"));
  const ours = linesOfEngine(folder, partition);
  const theirs = linesOfIndependent(folder);
  for (const id of new Set([...ours.keys(), ...theirs.keys()])) assertEquals(ours.get(id), theirs.get(id));
  return [...ours.values()].filter((line) => line !== "lost").length;
}

function linesOfIndependent(folder: string): Lines {
  const lines: Lines = new Map();
  for (const read of readPartition(folder)) {
    if ("id" in read) lines.set(read.id, lineOf(read));
    else for (let id = read.lostFrom; id < read.lostTo; id++) lines.set(id, "lost");
  }
  return lines;
}

function linesOfEngine(directory: string, number: number): Lines {
  const lines: Lines = new Map();
  const partition = new Partition({ storage: nodeStorage, directory, topic: "topic", partition: number });
  const reader = new PartitionReader(partition, {
    dataWanted: false,
    onCorruption: "skip",
    onDamage: ({ damage: { firstId, endId } }) => {
      for (let id = firstId; id < endId; id++) lines.set(id, "lost");
    },
  });
  reader.seek("earliest");
  for (let batch = reader.read(1000); batch !== undefined; batch = reader.read(1000)) {
    for (let index = 0; index < batch.count; index++) {
      const id = batch.baseId + index;
      const isText = batch.metadataText !== undefined;
      const metadata = batch.metadataBytes(index);
      if (isText) assertEquals(batch.metadataText!(index), new TextDecoder().decode(metadata));
      let data: Uint8Array | "lost" = "lost";
      try {
        data = batch.viewData(index, { offset: 0, size: batch.dataSize(index) });
      } catch (error) {
        if (!(error instanceof CorruptedLogError)) throw error;
      }
      lines.set(id, lineOf({ time: batch.timestamp, isText, metadata, data }));
    }
  }
  partition.close();
  return lines;
}

function lineOf(
  event: { time: number; isText: boolean; metadata: Uint8Array; data: Uint8Array | "lost" },
): string {
  const { time, isText, metadata, data } = event;
  const content = isText ? new TextDecoder().decode(metadata) : [...metadata].join(" ");
  // The other reader's own CRC: megabytes are compared by CRC and size.
  return `${time} ${isText} ${content} ${data === "lost" ? data : `${data.length} bytes, ${crc32(data)}`}`;
}
