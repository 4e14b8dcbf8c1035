import { attempt } from "../../async.ts";
import { diagnostics } from "../../diagnostics.ts";
import { StorageError, TopicDeletedError } from "../../errors.ts";
import type { JsonObject } from "../../json.ts";
import { Partition, positionAt } from "../../log/mod.ts";
import { ofPartition } from "../../contract/partitions.ts";
import type { Storage } from "../../storage/port.ts";
import type {
  ConsumerInterface,
  ConsumerRequest,
  GroupMember,
  PartitionDescription,
  PartitionInfo,
  PartitionLag,
  ProducerInterface,
  StartPosition,
  TopicDefinition,
  TopicInfo,
  TopicInterface,
  TrimRequest,
  TrimResult,
} from "../../contract.ts";
import { type ConsumerPositions, FilesConsumer } from "./consumer.ts";
import type { ConsumerFolder } from "./consumer_folder.ts";
import { ConsumerRegistry } from "./consumer_registry.ts";
import { describePartition, lagOf } from "./describe.ts";
import { Group } from "./group.ts";
import { GroupConsumer } from "./group_consumer.ts";
import { partitionName } from "./layout.ts";
import { machine } from "./machine.ts";
import { checkChanges, type FilesOptions } from "./files_options.ts";
import { FilesProducer } from "./producer.ts";
import { holdAppendSignal, releaseAppendSignal } from "./append_signals.ts";
import { checkStoredOptions, editTopicFolder, readOptionsNow } from "./topic_folder.ts";
import { storageOfTopic } from "./identity.ts";
import { acknowledgedIds, applyRetention, trimPartition } from "./trim.ts";

/** How often retention is tried while the disk is full: looking at many segments takes a while. */
const FULL_INTERVAL_MS = 1000;

export class FilesTopic implements TopicInterface {
  readonly name: string;
  readonly partitions: readonly PartitionInfo[];
  definition: TopicDefinition;
  readonly #logs: Partition[];
  readonly #names: ConsumerRegistry;
  private readonly storage: Storage;

  constructor(
    shared: Storage,
    private readonly path: string,
    info: TopicInfo,
    private readonly driverOptions: FilesOptions,
    identity?: string,
  ) {
    const { name, numPartitions, options, validator, partitionSelector, serializer } = info;
    const storage = this.storage = storageOfTopic(shared, path, name, identity);
    this.name = name;
    this.definition = { options, validator, partitionSelector, serializer };
    this.#names = new ConsumerRegistry(storage, path, name, numPartitions);
    this.#logs = [];
    // Folder by folder: an invalid document may contain any number of partitions.
    for (let partition = 0; partition < numPartitions; partition++) {
      const directory = `${path}/partitions/${partitionName(partition)}`;
      if (storage.stat(directory)?.kind !== "directory") {
        this.#release();
        throw new StorageError(
          "ENOTDIR",
          `Cannot open topic "${name}": "${directory}" is missing or not a folder; restore it from a backup`,
        );
      }
      this.#logs.push(
        new Partition({
          storage,
          directory,
          topic: name,
          partition,
          appendSignal: holdAppendSignal(storage, directory),
          useLocking: driverOptions.useFileLocking,
          indexIntervalBytes: driverOptions.sizes?.indexIntervalBytes,
        }),
      );
    }
    this.partitions = this.#logs.map(({ partition }) => ({ partition_id: partition }));
  }

  producer(_name: string): ProducerInterface {
    const { segment_bytes: segmentBytesMax, flush_behavior } = checkStoredOptions(
      this.path,
      this.definition.options,
    );
    // As they are now: another process may have changed them since the topic was opened.
    const options = () => checkStoredOptions(this.path, readOptionsNow(this.storage, this.path) ?? {});
    const applyNow = (partition: number) =>
      applyRetention(ofPartition(this.#logs, partition), options, this.#names);
    const fullAt = new Map<number, number>();
    return new FilesProducer(this.#logs, (partition) => ({
      flushBehavior: this.driverOptions.flushBehavior ?? flush_behavior ?? "buffered",
      segmentBytesMax,
      topFolder: this.driverOptions.rootPath,
      chunkBytes: this.driverOptions.sizes?.chunkBytes,
      frameDataBytes: this.driverOptions.sizes?.frameDataBytes,
      rolled: () => {
        if (diagnostics.roll.hasSubscribers) diagnostics.roll.publish({ topic: this.name, partition });
        applyNow(partition);
      },
      full: () => {
        const now = this.storage.now();
        if (Math.abs(now - (fullAt.get(partition) ?? -Infinity)) < FULL_INTERVAL_MS) return;
        fullAt.set(partition, now);
        applyNow(partition);
      },
    }));
  }

  consumer(name: string, request: ConsumerRequest): ConsumerInterface {
    // One that begins with the first event gets it again if its position is lost; any other would pass over events.
    const folderOf = this.#folderOf(name, request.from !== "earliest");
    const group = this.#group(name, folderOf, request.groupTimeoutMs);
    const beforeMaking = request.group === true ? undefined : () => group.checkHasNoLocalMembers();
    const positions: ConsumerPositions = {
      cursor: (partition) => folderOf().cursor(partition, beforeMaking),
      listed: () => folderOf().listed(),
      syncNames: () => folderOf().syncNames(),
      seek: (targets) => folderOf().seek(targets, beforeMaking),
    };
    return request.group === true
      ? new GroupConsumer(this.#logs, request, positions, group)
      : new FilesConsumer(this.#logs, request, positions, group);
  }

  members(consumerName: string): Promise<GroupMember[]> {
    return attempt(() => this.#group(consumerName, this.#folderOf(consumerName)).members());
  }

  #folderOf(name: string, keepsFirst = false): () => ConsumerFolder {
    let folder: ConsumerFolder | undefined;
    return () => folder ??= this.#names.consumer(name, keepsFirst);
  }

  #group(name: string, folder: () => ConsumerFolder, timeoutMs?: number): Group {
    const { storage, path } = this;
    return new Group({
      storage,
      environment: this.driverOptions.environment ?? machine,
      topic: this.name,
      topicPath: path,
      name,
      numPartitions: this.#logs.length,
      timeoutMs,
      folder,
    });
  }

  describe(partitions?: readonly number[]): Promise<PartitionDescription[]> {
    return attempt(() =>
      this.#chosen(partitions).map((log) => log.segments.briefly(() => describePartition(log)))
    );
  }

  lag(consumerName: string): Promise<PartitionLag[]> {
    return attempt(() => {
      const folder = this.#names.consumer(consumerName);
      const listed = folder.listed();
      return this.#logs.map((log) =>
        log.segments.briefly(() => lagOf(log, folder.cursor(log.partition), listed.of(log.partition)))
      );
    });
  }

  consumers(): Promise<string[]> {
    return attempt(() => this.#names.names());
  }

  seekConsumer(consumerName: string, to: StartPosition, partitions?: number[]): Promise<void> {
    return attempt(() => {
      const targets = this.#chosen(partitions).map((log) => ({
        partition: log.partition,
        ...log.segments.briefly(() => positionAt(log, log.resolve(to))),
      }));
      if (targets.length > 0) this.#names.seek(consumerName, targets);
    });
  }

  deleteConsumer(consumerName: string): Promise<void> {
    return attempt(() => this.#names.remove(consumerName));
  }

  trim(request: TrimRequest): Promise<TrimResult[]> {
    return attempt(() => {
      const logs = this.#chosen(request.partitions);
      const acknowledged = request.acknowledged ? acknowledgedIds(logs, this.#names) : [];
      return logs.map((log, index) =>
        log.segments.briefly(() => trimPartition(log, { ...request, acknowledgedId: acknowledged[index] }))
      );
    });
  }

  edit(options: JsonObject): Promise<void> {
    return attempt(() => {
      const changed = editTopicFolder(this.storage, this.path, checkChanges(options));
      if (changed === undefined) throw new TopicDeletedError(this.name);
      this.definition = { ...this.definition, options: changed };
    });
  }

  close(): Promise<void> {
    this.#release();
    return Promise.resolve();
  }

  #release(): void {
    for (const log of this.#logs.splice(0)) {
      log.close();
      releaseAppendSignal(log.directory);
    }
  }

  #chosen(partitions: readonly number[] | undefined): readonly Partition[] {
    return partitions?.map((partition) => ofPartition(this.#logs, partition)) ?? this.#logs;
  }
}
