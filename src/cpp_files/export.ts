import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { claimTopic } from "../drivers/files/claim.ts";
import { partitionName } from "../drivers/files/layout.ts";
import { absolutePath } from "../drivers/files/root_path.ts";
import { InvalidMetadataError, TopicExistsError } from "../errors.ts";
import type { Event } from "../event.ts";
import { dataPieces } from "../event/data_pieces.ts";
import { checkTopicName } from "../names.ts";
import { nodeStorage } from "../storage/node.ts";
import type { Topic } from "../topic.ts";
import { canonicalJson } from "./canonical_json.ts";
import { Checkpoint } from "./checkpoint.ts";
import { countIfSame, PIECE_BYTES, selectPiece } from "./compare.ts";
import { componentText } from "./exported_components.ts";
import { COMPONENT_FILES, type Components, PARTITIONS_FOLDER } from "./layout.ts";
import { PartitionWriter } from "./partition_writer.ts";
import { CppTopic } from "./topic.ts";
import {
  type PartitionTransfer,
  sumOf,
  type TopicTransfer,
  type TransferCount,
  type TransferProgress,
} from "./transfer.ts";

/** What {@linkcode exportCppFiles} accepts. */
export interface CppExportOptions {
  /** The topic to export. */
  topic: Topic;
  /** The `root_path` for the C++ driver; created if missing. */
  rootPath: string;
  /** Name of the exported topic. Default: the same. */
  into?: string | undefined;
  /** Aborts the export; a later call resumes it. */
  signal?: AbortSignal | undefined;
  /** Called periodically with the progress. */
  onProgress?: TransferProgress | undefined;
  /** Called with a sentence about each thing that cannot be represented in C++. */
  onWarning?: ((text: string) => void) | undefined;
}

/** The folder's name until the export is complete: without a folder `partitions` C++ does not see a topic. */
const UNFINISHED_FOLDER = "partitions.unfinished";
const CHECKPOINT_FILE = "export.json";

/**
 * Exports a topic to the layout of the C++ files driver, so that this driver can open it. Metadata is written as
 * the C++ library would write it: compact, with sorted keys, and with all digits of 64-bit integers.
 *
 * Ids begin at 0 there: if the first events were removed, or some were lost to damage, later ones get lower ids,
 * which causes a warning. A component that C++ does not have, or cannot read, is replaced by the default one, also
 * with a warning. Timestamps and the positions of consumers do not exist in that layout.
 *
 * The same call resumes an interrupted export. C++ sees the topic only once it is complete. If it already exists
 * with the same events, nothing is done.
 *
 * Throws `TopicExistsError` if another topic has the name, `TransferInProgressError` while another export writes
 * it, `InvalidMetadataError` for metadata that C++ cannot read (a number outside the range of a double),
 * `CorruptedLogError` for damage, `ContentMismatchError` if an earlier run left the content of another topic.
 *
 * @example
 * ```ts
 * import { Driver } from "@diaspora/stream";
 * import { exportCppFiles } from "@diaspora/stream/cpp-files";
 *
 * await using driver = await Driver.open("memory", {});
 * await driver.createTopic("readings", { num_partitions: 1 });
 * await using topic = await driver.openTopic("readings");
 * await using producer = topic.producer("app");
 * await producer.push('{"id": 18446744073709551615, "energy": 1.50}');
 *
 * const rootPath = `cpp-store-${crypto.randomUUID()}`;
 * const { events, metadataBytes } = await exportCppFiles({ topic, rootPath });
 * console.log(events, metadataBytes); // 1 41, as {"energy":1.5,"id":18446744073709551615}
 * ```
 */
export async function exportCppFiles(options: CppExportOptions): Promise<TopicTransfer> {
  const { topic, into = topic.name } = options;
  checkTopicName(into);
  const rootPath = absolutePath(options.rootPath);
  const path = `${rootPath}/${into}`;
  const unfinished = `${path}/${UNFINISHED_FOLDER}`;
  await using _claim = await claimTopic(nodeStorage, rootPath, into);
  if (nodeStorage.stat(path) !== undefined && nodeStorage.stat(unfinished)?.kind !== "directory") {
    const before = await exportedBefore(options, path);
    if (before !== undefined) return before;
    throw new TopicExistsError(into, rootPath);
  }
  mkdirSync(unfinished, { recursive: true });
  const checkpoint = Checkpoint.load(`${path}/${CHECKPOINT_FILE}`, topic);
  const done: TransferCount = { events: 0, metadataBytes: 0, dataBytes: 0 };
  const transfers: PartitionTransfer[] = [];
  for (let partition = 0; partition < topic.partitions.length; partition++) {
    transfers.push(await exportPartition(options, { partition, folder: unfinished, checkpoint, done }));
  }
  writeComponents(path, topic, options.onWarning);
  nodeStorage.syncDirectory(unfinished);
  nodeStorage.rename(unfinished, `${path}/${PARTITIONS_FOLDER}`);
  nodeStorage.syncDirectory(path);
  nodeStorage.remove(checkpoint.path);
  return sumOf(transfers);
}

/** The result of an earlier export, if it wrote exactly what this one would. */
async function exportedBefore(options: CppExportOptions, path: string): Promise<TopicTransfer | undefined> {
  const { topic, into = topic.name, rootPath, signal } = options;
  if (nodeStorage.stat(`${path}/${PARTITIONS_FOLDER}`)?.kind !== "directory") return undefined;
  if (nodeStorage.stat(`${path}/topic.json`) !== undefined) return undefined;
  for (const [kind, file] of Object.entries(COMPONENT_FILES) as [keyof Components, string][]) {
    const text = new TextDecoder().decode(nodeStorage.readWhole(`${path}/${file}`));
    if (text !== componentText(topic, kind)) return undefined;
  }
  const store = CppTopic.open(rootPath, into);
  if (store.numPartitions !== topic.partitions.length) return undefined;
  const transfers: PartitionTransfer[] = [];
  for (let partition = 0; partition < store.numPartitions; partition++) {
    const count = await countIfSame(topic, store.partition(partition), cppDocument, signal);
    if (count === undefined) return undefined;
    transfers.push({ partition, ...count, resumedEvents: count.events });
  }
  return sumOf(transfers);
}

interface PartitionJob {
  partition: number;
  folder: string;
  checkpoint: Checkpoint;
  /** Totals over all partitions, for progress. */
  done: TransferCount;
}

async function exportPartition(options: CppExportOptions, job: PartitionJob): Promise<PartitionTransfer> {
  const { topic, signal, onProgress, onWarning } = options;
  const { partition, folder, checkpoint, done } = job;
  const before = checkpoint.of(partition);
  await checkpoint.confirm(topic, partition);
  add(done, before);
  using writer = new PartitionWriter(`${folder}/${partitionName(partition)}`, before);
  await using consumer = topic.consumer(`export-${randomUUID()}`, {
    partitions: [partition],
    from: before.nextId > 0 ? { id: before.nextId } : "earliest",
    dataSelector: selectPiece,
  });
  let isShifted = before.nextId !== before.events;
  try {
    for await (const batch of consumer.batches({ until: "end", signal })) {
      for (const event of batch) {
        if (event.id !== writer.count.events && !isShifted) {
          isShifted = true;
          onWarning?.(
            `Event ${event.id} of partition ${partition} becomes event ${writer.count.events}: ` +
              `earlier events were removed`,
          );
        }
        const document = cppDocument(event);
        if (event.data !== undefined) writer.writeData(event.data);
        else for await (const piece of dataPieces(event, PIECE_BYTES)) writer.writeData(piece);
        writer.writeEvent(document);
      }
      const sums = { ...writer.count };
      add(done, sums, checkpoint.of(partition));
      if (checkpoint.note(partition, batch.at(-1)!, sums)) keep(writer, checkpoint);
      onProgress?.(done);
    }
  } catch (error) {
    keepIfPossible(writer, checkpoint);
    throw error;
  }
  writer.sync();
  return { partition, ...writer.count, resumedEvents: before.events };
}

function add(done: TransferCount, now: TransferCount, before?: TransferCount): void {
  done.events += now.events - (before?.events ?? 0);
  done.metadataBytes += now.metadataBytes - (before?.metadataBytes ?? 0);
  done.dataBytes += now.dataBytes - (before?.dataBytes ?? 0);
}

function keep(writer: PartitionWriter, checkpoint: Checkpoint): void {
  writer.sync();
  checkpoint.save();
}

/** What stopped the export (a full disk) may stop this too: then the previous checkpoint remains valid. */
function keepIfPossible(writer: PartitionWriter, checkpoint: Checkpoint): void {
  try {
    keep(writer, checkpoint);
  } catch {
    // The original error says why.
  }
}

function cppDocument(event: Event): string {
  try {
    return canonicalJson(event.metadataText);
  } catch (error) {
    if (!(error instanceof InvalidMetadataError)) throw error;
    throw new InvalidMetadataError(
      `Cannot export event ${event.id} of partition ${event.partition}: ${error.message}`,
      { cause: error },
    );
  }
}

function writeComponents(path: string, topic: Topic, onWarning?: (text: string) => void): void {
  for (const [kind, file] of Object.entries(COMPONENT_FILES) as [keyof Components, string][]) {
    nodeStorage.replace(`${path}/${file}`, new TextEncoder().encode(componentText(topic, kind, onWarning)));
  }
}
