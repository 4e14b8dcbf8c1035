import { type Driver, StorageError, type TopicInfo, TopicNotFoundError } from "../../../mod.ts";
import { foreignContent } from "../../drivers/files/foreign_content.ts";
import {
  isDamagedDocument,
  isPartitionName,
  partitionName,
  PositionFiles,
} from "../../drivers/files/layout.ts";
import { faultOfDocuments } from "../../drivers/files/topic_folder.ts";
import {
  aboutFile,
  type Finding,
  type PaceOptions,
  unreadable,
  verifyPartition,
  verifyPosition,
} from "../../log/check/mod.ts";
import { Partition } from "../../log/mod.ts";
import { storageOfTopic } from "../../drivers/files/identity.ts";
import { nodeStorage } from "../../storage/node.ts";
import { isMissing, type Storage } from "../../storage/port.ts";
import { UsageError } from "../usage_error.ts";
import { verifyConsumerName } from "./consumer_name.ts";
import { counted } from "../../text/counted.ts";
import type { ParsedArguments } from "../args/parsed.ts";
import { givenTopicNameOf } from "../connect.ts";
import { absolutePath, ROOT_PATH_DEFAULT } from "../../drivers/files/root_path.ts";

function missingPartition({ partition, directory: file }: Partition): Finding {
  const reason = "the partition is missing or not a folder; restore it from a backup";
  return aboutFile({ severity: "damage", kind: "partition missing", partition, file, reason });
}

/** The files of one topic, accessed without the driver; what uses them throws once another topic is in its place. */
export class TopicFiles {
  readonly name: string;
  /** Folder of the topic. */
  readonly path: string;
  readonly partitions: readonly Partition[];
  readonly storage: Storage;

  constructor(info: TopicInfo, shared: Storage = nodeStorage) {
    if (info.path === undefined) throw new UsageError(`Topic "${info.name}" is not kept in files of its own`);
    if (info.layout !== undefined) {
      throw new UsageError(
        `Topic "${info.name}" was written by the C++ files driver, which keeps no checksums`,
      );
    }
    const { path } = info;
    this.name = info.name;
    this.path = path;
    const storage = this.storage = storageOfTopic(shared, path, info.name);
    // An invalid document may claim any number of folders: only existing ones count, and the next one.
    const folders = storage.list(`${path}/partitions`).filter(isPartitionName);
    const count = Math.min(info.numPartitions, 1 + folders.length);
    this.partitions = Array.from({ length: count }, (_, partition) =>
      new Partition({
        storage,
        directory: `${path}/partitions/${partitionName(partition)}`,
        topic: info.name,
        partition,
      }));
  }

  /** All findings: about its documents, partition by partition, then about consumer positions. */
  async *verify(options: PaceOptions): AsyncGenerator<Finding, void, void> {
    const { path } = this;
    yield* this.#part(path, () => this.#documents());
    yield* this.#part(path, () => this.#foreignFiles());
    for (const partition of this.partitions) {
      const { directory, partition: number } = partition;
      try {
        yield* this.#part(directory, () => {
          return this.#isThere(partition)
            ? verifyPartition(partition, options)
            : [missingPartition(partition)];
        }, number);
      } finally {
        // A topic may have more partitions than a process may have files open.
        partition.close();
      }
    }
    const consumers = `${path}/consumers`;
    const folders: string[] = [];
    yield* this.#part(consumers, () => {
      folders.push(...this.#foldersIn(consumers));
      return [];
    });
    for (const folder of folders) {
      options.signal?.throwIfAborted();
      yield* this.#part(folder, () => this.#consumer(folder));
    }
  }

  /** The findings of a part; that it cannot be read is one of them, so that the other parts are checked. */
  async *#part(
    file: string,
    findings: () => Iterable<Finding> | AsyncIterable<Finding>,
    partition?: number,
  ): AsyncGenerator<Finding, void, void> {
    try {
      yield* findings();
    } catch (error) {
      const finding = unreadable(error, file, partition);
      this.#checkIsNotDeleted();
      yield finding;
    }
  }

  *#documents(): Generator<Finding, void, void> {
    const fault = faultOfDocuments(this.storage, this.path, this.name);
    if (fault === undefined) return;
    const isUnreadable = fault instanceof StorageError && !isDamagedDocument(fault) &&
      !["ENOENT", "ENOTDIR"].includes(fault.errno);
    if (isUnreadable) throw fault;
    this.#checkIsNotDeleted();
    // The reason names the document.
    yield aboutFile({ severity: "damage", kind: "document", file: this.path, reason: fault.message });
  }

  *#consumer(folder: string): Generator<Finding, void, void> {
    const { storage } = this;
    yield* verifyConsumerName(storage, folder);
    const listed = new PositionFiles(storage.list(folder));
    for (const { partition } of this.partitions) {
      const path = `${folder}/${partitionName(partition)}.pos`;
      yield* verifyPosition(storage, path, partition, listed.of(partition));
    }
  }

  #isThere({ directory }: Partition): boolean {
    if (this.storage.stat(directory)?.kind === "directory") return true;
    this.#checkIsNotDeleted();
    return false;
  }

  #checkIsNotDeleted(): void {
    try {
      this.storage.list(`${this.path}/partitions`);
    } catch (error) {
      if (isMissing(error) || !(error instanceof StorageError)) throw error;
    }
  }

  *#foreignFiles(): Generator<Finding, void, void> {
    const { files = [], events = 0 } = foreignContent(this.storage, this.path) ?? {};
    for (const file of files) {
      const partition = Number(/(\d{8})\/\w+$/.exec(file)?.[1]);
      const reason = `the C++ files driver keeps ${counted(events, "event")} of its own beside these`;
      yield aboutFile({ severity: "foreign", kind: "foreign file", partition, file, reason });
    }
  }

  #foldersIn(path: string): string[] {
    const { storage } = this;
    if (storage.stat(path)?.kind !== "directory") return [];
    const paths = storage.list(path).sort().map((name) => `${path}/${name}`);
    return paths.filter((each) => storage.stat(each)?.kind === "directory");
  }
}

/** The topic given on the command line, or all, for an action; only the files driver has files to inspect. */
export async function filesTopics(
  driver: Driver,
  args: ParsedArguments,
  action: string,
): Promise<TopicInfo[]> {
  if (driver.name !== "files") {
    throw new UsageError(`Driver "${driver.name}" keeps no files: this is for the files driver`);
  }
  const topics = await driver.listTopics();
  const name = givenTopicNameOf(args);
  if (name === undefined) return [...topics.values()].filter(({ layout }) => layout === undefined);
  const info = topics.get(name);
  if (info === undefined) {
    const { root_path: root } = args.document("driver").document;
    throw new TopicNotFoundError(name, absolutePath(String(root ?? ROOT_PATH_DEFAULT)), action);
  }
  return [info];
}
