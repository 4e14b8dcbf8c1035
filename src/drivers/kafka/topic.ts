import type { JsonObject } from "../../json.ts";
import { BrokerError, NoSuchPartitionError, NotSupportedError, TopicDeletedError } from "../../errors.ts";
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
  TopicInterface,
  TrimRequest,
  TrimResult,
} from "../../contract.ts";
import { positionsOfAll } from "./admin/all_positions.ts";
import { findMembers, inUse } from "./consume/assignment.ts";
import type { Cluster } from "./client/cluster.ts";
import { commitAlone } from "./offsets/commit.ts";
import type { PositionsWanted } from "./offsets/committed_positions.ts";
import { changeConfigs } from "./client/configs.ts";
import { KafkaConsumer } from "./consume/consumer.ts";
import { describePartitions, isUnavailable, lagOf } from "./admin/describe.ts";
import { HighWatermarks, KnownPartitions } from "./offsets/known_partitions.ts";
import { findTopic } from "./client/metadata.ts";
import { Offsets } from "./offsets/offsets.ts";
import { withoutUndefined } from "../../options.ts";
import { optionsOf, readChanges } from "./settings/kafka_options.ts";
import { ONE_BROKER_MS_MAX } from "./client/known_brokers.ts";
import { KafkaProducer } from "./produce/producer.ts";
import type { RawReader } from "./fetch/raw_reader.ts";
import { formatOf, isEndMark, type RecordFormat } from "./format/record.ts";
import { trimPartitions } from "./admin/trim.ts";

/** Number of records per read in search of an event. */
const RECORDS_MAX = 10;

/** What a topic is opened with. */
interface OpenedTopic {
  name: string;
  kafkaName: string;
  id: string;
  numPartitions: number;
  definition: TopicDefinition;
  /** Maximum batch size of the topic, if known. */
  batchBytesMax: number | undefined;
}

/** An opened topic of the octopus driver. */
export class KafkaTopic implements TopicInterface {
  readonly name: string;
  readonly partitions: readonly PartitionInfo[];
  definition: TopicDefinition;
  readonly #opened: OpenedTopic;
  readonly #all: KnownPartitions;
  readonly #offsets: Offsets;
  readonly #format: RecordFormat;
  readonly #highWatermarks = new HighWatermarks();

  constructor(private readonly cluster: Cluster, private readonly reader: RawReader, opened: OpenedTopic) {
    this.name = opened.name;
    this.definition = opened.definition;
    this.#opened = opened;
    this.#all = new KnownPartitions(opened.numPartitions);
    this.partitions = this.#all.numbers.map((partition_id) => ({ partition_id }));
    this.#offsets = new Offsets(cluster, opened.kafkaName, { ...opened, partitions: this.#all });
    this.#format = formatOf(opened.definition.serializer.type);
  }

  producer(_name: string): ProducerInterface {
    const { cluster } = this;
    return new KafkaProducer({
      ...this.#opened,
      cluster,
      format: this.#format,
      highWatermarks: this.#highWatermarks,
    });
  }

  consumer(name: string, request: ConsumerRequest): ConsumerInterface {
    const { cluster } = this;
    return new KafkaConsumer(
      {
        ...this.#opened,
        cluster,
        format: this.#format,
        highWatermarks: this.#highWatermarks,
        offsets: this.#offsets,
        partitions: this.#all,
      },
      name,
      request,
    );
  }

  async describe(): Promise<PartitionDescription[]> {
    await this.#checkExists();
    return await this.#describe(this.#all.numbers, false);
  }

  async #describe(partitions: readonly number[], areRequired: boolean): Promise<PartitionDescription[]> {
    const described = await describePartitions(
      this.cluster,
      this.#offsets,
      this.#opened.kafkaName,
      { partitions, areRequired, endOf: (partition) => this.#highWatermarks.of(partition) },
    );
    for (const { partition, nextId } of described) this.#highWatermarks.raise(partition, nextId);
    return described;
  }

  async lag(consumerName: string): Promise<PartitionLag[]> {
    const [described, stored] = await Promise.all([this.describe(), this.#storedSoon(consumerName)]);
    return await lagOf({
      described,
      stored,
      timeOf: (partition, offset) =>
        this.#soon(
          `read topic "${this.name}" partition ${partition}`,
          this.#timeOf(partition, offset),
        ),
      now: Date.now(),
    });
  }

  /** The stored positions of a name, or why they are unknown now. */
  async #storedSoon(consumerName: string): Promise<Map<number, number> | BrokerError> {
    const what = `read the positions of "${consumerName}" in topic "${this.name}"`;
    try {
      return await this.#soon(what, this.#offsets.stored(consumerName, this.#all.numbers));
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      return error;
    }
  }

  async #soon<T>(what: string, awaited: Promise<T>): Promise<T> {
    try {
      return await this.cluster.within(ONE_BROKER_MS_MAX, awaited);
    } catch (error) {
      throw this.cluster.failure(error, what, ONE_BROKER_MS_MAX);
    }
  }

  /** Time of the first event at or after an offset, if there is one. */
  async #timeOf(partition: number, offset: number): Promise<number | undefined> {
    const { kafkaName } = this.#opened;
    for (let from = offset;;) {
      const request = { kafkaName, partition, offset: from, recordsMax: RECORDS_MAX, onlyTimes: true };
      const records = await this.reader.read(request);
      const event = records.find(({ value }) => !isEndMark(value));
      const last = records.at(-1);
      if (event !== undefined || last === undefined) return event?.timestamp;
      from = last.offset + 1;
    }
  }

  async consumers(): Promise<string[]> {
    await this.#checkExists();
    const { known, refused, silent, unnamed } = await positionsOfAll(this.cluster, this.#wanted);
    for (const [broker, { message }] of silent) {
      this.cluster.warnOnce(
        `Consumers whose coordinator is "${broker}" are left out of the list of consumers: ${message}`,
      );
    }
    for (const [group, { message }] of refused) {
      this.cluster.warnOnce(`Consumer "${group}" is left out of the list of consumers: ${message}`);
    }
    if (unnamed !== undefined) {
      this.cluster.warnOnce(`The list of consumers may be incomplete: ${unnamed.message}`);
    }
    return [...known.keys()];
  }

  async members(consumerName: string): Promise<GroupMember[]> {
    await this.#checkExists();
    return await findMembers({ ...this.#opened, cluster: this.cluster }, consumerName);
  }

  async seekConsumer(consumerName: string, to: StartPosition, partitions?: number[]): Promise<void> {
    await this.#checkExists();
    const positions = await this.#offsets.resolve(this.#chosen(partitions), to);
    try {
      // Nothing was read there, so the epoch of the event before it is unknown.
      const epochBefore = () => -1;
      await commitAlone(this.cluster, { group: consumerName, topic: this.#opened, positions, epochBefore });
    } catch (error) {
      throw inUse(error, consumerName) ?? error;
    }
  }

  async deleteConsumer(consumerName: string): Promise<void> {
    await this.#checkExists();
    try {
      await this.#offsets.forget(consumerName, this.#all.numbers);
    } catch (error) {
      throw inUse(error, consumerName) ?? error;
    }
  }

  async trim(request: TrimRequest): Promise<TrimResult[]> {
    await this.#checkExists();
    const chosen = this.#chosen(request.partitions);
    let partitions: PartitionDescription[];
    try {
      partitions = await this.#describe(chosen, true);
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      const { message, reason, canRetry } = error;
      const text = `Cannot trim topic "${this.name}", so nothing is trimmed: ${message}`;
      throw new BrokerError(this.cluster.servers, text, withoutUndefined({ cause: error, reason, canRetry }));
    }
    return await trimPartitions(this.cluster, this.#offsets, { topic: this.#wanted, partitions, request });
  }

  async edit(options: JsonObject): Promise<void> {
    if (options.flush_behavior !== undefined) {
      throw new NotSupportedError(
        'Cannot change topic option "flush_behavior": with the octopus driver every event is stored by all ' +
          "replicas in sync before its future completes",
      );
    }
    const changes = readChanges(options);
    const { kafkaName } = this.#opened;
    await this.#checkExists();
    const configs = await changeConfigs(this.cluster, kafkaName, changes);
    const { num_partitions, replication_factor } = this.definition.options;
    this.definition = {
      ...this.definition,
      options: withoutUndefined({ num_partitions, replication_factor, ...optionsOf(configs) }),
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  get #wanted(): PositionsWanted {
    return { ...this.#opened, partitions: this.#all.numbers };
  }

  async #checkExists(): Promise<void> {
    const found = await findTopic(this.cluster, this.#opened.kafkaName);
    if (found === undefined || found.id !== this.#opened.id) throw new TopicDeletedError(this.name);
    this.#all.see(found.numPartitions);
  }

  #chosen(partitions: readonly number[] | undefined): readonly number[] {
    const { numbers } = this.#all;
    for (const partition of partitions ?? []) {
      if (!numbers.includes(partition)) throw new NoSuchPartitionError(partition, numbers.length);
    }
    return partitions ?? numbers;
  }
}
