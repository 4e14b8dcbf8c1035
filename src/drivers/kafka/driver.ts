import {
  BrokerError,
  DiasporaError,
  InvalidOptionError,
  TopicExistsError,
  TopicNotFoundError,
} from "../../errors.ts";
import type { JsonObject } from "../../json.ts";
import { checkTopicName } from "../../names.ts";
import type { DriverInterface, TopicDefinition, TopicInfo, TopicInterface } from "../../contract.ts";
import { Cluster, warn } from "./client/cluster.ts";
import { configsOfTopics, type TopicConfigs } from "./client/configs.ts";
import { isUnavailable } from "./admin/describe.ts";
import {
  areDefault,
  type ComponentDocuments,
  defaultDocuments,
  readDocuments,
  RETAIN_FOREVER,
  writeDocuments,
} from "./admin/documents.ts";
import { findTopic, type TopicMetadata } from "./client/metadata.ts";
import { TopicNames } from "./admin/names.ts";
import { OctopusService } from "./settings/octopus_service.ts";
import {
  type OctopusOptions,
  optionsOf,
  readDriverOptions,
  readTopicOptions,
} from "./settings/kafka_options.ts";
import { ONE_BROKER_MS_MAX } from "./client/known_brokers.ts";
import { RawReader } from "./fetch/raw_reader.ts";
import { readSettings } from "./settings/settings.ts";
import { KafkaTopic } from "./topic.ts";
import { TopicAdmin } from "./admin/topic_admin.ts";

/** Maximum time that another process creating the same topic may need, in milliseconds. */
const CONCURRENT_CREATE_MS_MAX = 3000;
const POLL_MS = 100;

/** Stores topics in Apache Kafka, compatible with the C++ driver of this name. */
export class OctopusDriver implements DriverInterface {
  readonly name = "octopus";
  // A private field, so that printing a driver never shows its secrets.
  readonly #cluster: Cluster;
  readonly #options: OctopusOptions;
  readonly #names: TopicNames;
  readonly #topicAdmin: TopicAdmin;
  readonly #reader: RawReader;
  readonly #where: string;
  /** Serializes creations and deletions by topic. */
  readonly #changing = new Map<string, Promise<unknown>>();

  private constructor(cluster: Cluster, options: OctopusOptions) {
    this.#cluster = cluster;
    this.#options = options;
    const { namespace, infoTopicPrefix, service } = options;
    this.#names = new TopicNames(namespace, infoTopicPrefix);
    this.#topicAdmin = new TopicAdmin(
      cluster,
      service === undefined ? undefined : new OctopusService(service, namespace!),
    );
    this.#reader = new RawReader(cluster);
    this.#where = namespace === undefined ? cluster.servers : `${cluster.servers}/${namespace}`;
  }

  /** Connects; throws `InvalidOptionError` or `BrokerError`. */
  static async open(document: JsonObject): Promise<OctopusDriver> {
    const options = readDriverOptions(document);
    // Invalid names are reported before anything is connected.
    new TopicNames(options.namespace, options.infoTopicPrefix);
    const settings = readSettings(options.kafka, options.region);
    return new OctopusDriver(await Cluster.connect(settings), options);
  }

  async createTopic(name: string, definition: TopicDefinition): Promise<void> {
    checkTopicName(name);
    await this.#serialize(name, () => this.#create(name, definition));
  }

  async openTopic(name: string): Promise<TopicInterface> {
    const kafkaName = this.#checkedName(name);
    const metadata = await findTopic(this.#cluster, kafkaName);
    if (metadata === undefined) throw new TopicNotFoundError(name, this.#where);
    const configs = (await configsOfTopics(this.#cluster, [kafkaName])).get(kafkaName);
    const { info, missing } = await this.#info(name, metadata, configs);
    if (missing > 0) {
      const infoName = this.#names.infoName(name);
      const lacks = `lacks the documents of ${missing} of its components in "${infoName}"`;
      warn(`Topic "${name}" ${lacks}: the default ones are used`);
    }
    const { numPartitions, options, validator, partitionSelector, serializer } = info;
    return new KafkaTopic(this.#cluster, this.#reader, {
      name,
      kafkaName,
      id: metadata.id,
      numPartitions,
      definition: { options, validator, partitionSelector, serializer },
      batchBytesMax: configs?.batchBytesMax,
    });
  }

  async topicExists(name: string): Promise<boolean> {
    return await findTopic(this.#cluster, this.#checkedName(name)) !== undefined;
  }

  async listTopics(): Promise<Map<string, TopicInfo>> {
    const found = new Map<string, TopicMetadata>();
    for (const [kafkaName, metadata] of await this.#topicAdmin.list()) {
      const topic = this.#names.topicOf(kafkaName);
      if (topic !== undefined) found.set(topic, metadata);
    }
    const names = [...found.keys()].sort();
    const configs = await configsOfTopics(this.#cluster, names.map((name) => this.#names.kafkaName(name)));
    const infos = names.map(async (name): Promise<[string, TopicInfo]> => [
      name,
      await this.#infoOrFault(name, found.get(name)!, configs.get(this.#names.kafkaName(name))),
    ]);
    return new Map(await Promise.all(infos));
  }

  async deleteTopic(name: string): Promise<void> {
    const kafkaName = this.#checkedName(name);
    const { disableInfoTopic } = this.#options;
    await this.#serialize(name, async () => {
      if (!disableInfoTopic) {
        await this.#topicAdmin.checkDeletion(name, kafkaName, this.#names.infoName(name));
      }
      const isDeleted = await this.#topicAdmin.delete(kafkaName, this.#names.localName(name));
      // Even if the topic itself is missing: this completes an interrupted deletion.
      await this.#deleteDocuments(name).catch((error) => {
        // Where there are none, the user need not have the right.
        if (!disableInfoTopic || !isForbidden(error)) throw error;
      });
      if (!isDeleted) throw new TopicNotFoundError(name, this.#where, "delete");
    });
  }

  async close(): Promise<void> {
    await this.#reader.close();
    await this.#cluster.close();
  }

  async #create(name: string, definition: TopicDefinition): Promise<void> {
    const specification = readTopicOptions(definition.options);
    const kafkaName = this.#checkedName(name);
    this.#topicAdmin.check(name, specification);
    const hasDocuments = !(specification.disableInfoTopic ?? this.#options.disableInfoTopic);
    if (!hasDocuments && !areDefault(definition)) {
      throw new InvalidOptionError(
        "disable_info_topic",
        `Cannot create topic "${name}": with "disable_info_topic" it has the default components only, since ` +
          "others could not be stored",
      );
    }
    if (await findTopic(this.#cluster, kafkaName) !== undefined) {
      throw new TopicExistsError(name, this.#where);
    }
    if (hasDocuments) await this.#createDocuments(name, definition, specification.replicationFactor);
    try {
      const isNew = await this.#topicAdmin.create({
        ...specification,
        kafkaName,
        localName: this.#names.localName(name),
        isReserved: hasDocuments,
      });
      if (!isNew) throw new TopicExistsError(name, this.#where);
    } catch (error) {
      // After an answer that was lost the topic may be there: without its documents it would lose its components.
      const isRefused = error instanceof DiasporaError && !error.canRetry;
      if (hasDocuments && isRefused && !(error instanceof TopicExistsError)) {
        await this.#deleteDocuments(name).catch(() => {});
      }
      throw error;
    }
    await this.#topicAdmin.created(kafkaName);
    // Left by a deletion that was interrupted: they are of the topic before.
    if (!hasDocuments && !this.#options.disableInfoTopic) {
      await this.#deleteDocuments(name);
    }
  }

  async #deleteDocuments(name: string): Promise<void> {
    await this.#topicAdmin.delete(this.#names.infoName(name), this.#names.localInfoName(name));
  }

  /** The documents are written first, so that a visible topic always has them. */
  async #createDocuments(
    name: string,
    documents: ComponentDocuments,
    replicationFactor: number | undefined,
  ): Promise<void> {
    const infoName = this.#names.infoName(name);
    const localName = this.#names.localInfoName(name);
    const topic = {
      kafkaName: infoName,
      localName,
      numPartitions: 1,
      replicationFactor,
      // While no broker that has it is running, the topic cannot be opened, even if its partitions are all there.
      isImportant: true,
      disableInfoTopic: true,
      configs: this.#options.service === undefined ? RETAIN_FOREVER : [],
    };
    if (!await this.#topicAdmin.create(topic)) {
      // Left by another process that is creating the topic now, or failed to.
      await this.#awaitConcurrentCreate(name);
      await this.#topicAdmin.delete(infoName, localName);
      if (!await this.#topicAdmin.create(topic)) throw new TopicExistsError(name, this.#where);
    }
    try {
      await this.#topicAdmin.created(infoName);
      await writeDocuments(this.#cluster, infoName, documents);
    } catch (error) {
      await this.#topicAdmin.delete(infoName, localName).catch(() => {});
      throw error;
    }
  }

  async #awaitConcurrentCreate(name: string): Promise<void> {
    const deadline = performance.now() + CONCURRENT_CREATE_MS_MAX;
    do {
      if (await findTopic(this.#cluster, this.#names.kafkaName(name)) !== undefined) {
        throw new TopicExistsError(name, this.#where);
      }
      await this.#cluster.pause(POLL_MS);
    } while (performance.now() < deadline);
  }

  /** A topic whose documents cannot be read now is listed anyway. */
  async #infoOrFault(
    name: string,
    metadata: TopicMetadata,
    configs: TopicConfigs | undefined,
  ): Promise<TopicInfo> {
    try {
      return (await this.#info(name, metadata, configs, ONE_BROKER_MS_MAX)).info;
    } catch (error) {
      if (!isUnavailable(error) && !isForbidden(error)) throw error;
      return { ...infoOf(name, metadata, configs, defaultDocuments()), fault: error.message };
    }
  }

  async #info(
    name: string,
    metadata: TopicMetadata,
    configs: TopicConfigs | undefined,
    silenceMs?: number,
  ): Promise<{ info: TopicInfo; missing: number }> {
    const { documents, missing } = this.#options.disableInfoTopic
      ? { documents: defaultDocuments(), missing: 0 }
      : await readDocuments(this.#cluster, this.#reader, this.#names.infoName(name), silenceMs);
    return { info: infoOf(name, metadata, configs, documents), missing };
  }

  #checkedName(name: string): string {
    checkTopicName(name);
    return this.#names.kafkaName(name);
  }

  /**
   * The client merges identical concurrent requests; serializing them lets the second one see the effect of the
   * first.
   */
  async #serialize<R>(name: string, change: () => Promise<R>): Promise<R> {
    const before = this.#changing.get(name) ?? Promise.resolve();
    const changing = before.then(change, change);
    const settled = changing.catch(() => {}).then(() => {
      if (this.#changing.get(name) === settled) this.#changing.delete(name);
    });
    this.#changing.set(name, settled);
    return await changing;
  }
}

function isForbidden(error: unknown): error is BrokerError {
  return error instanceof BrokerError && error.reason === "TOPIC_AUTHORIZATION_FAILED";
}

function infoOf(
  name: string,
  { numPartitions, replicationFactor }: TopicMetadata,
  configs: TopicConfigs | undefined,
  documents: ComponentDocuments,
): TopicInfo {
  return {
    name,
    numPartitions,
    options: {
      num_partitions: numPartitions,
      replication_factor: replicationFactor,
      ...optionsOf(configs?.configs ?? []),
    },
    ...documents,
  };
}
