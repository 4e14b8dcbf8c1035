import { BrokerError, InvalidOptionError, NotSupportedError } from "../../../errors.ts";
import type { BrokerAddress } from "../client/client_internals.ts";
import type { Cluster } from "../client/cluster.ts";
import { isClosedSilently, isFault, isUnknownTopic, notAllowed } from "../client/failure.ts";
import { ONE_BROKER_MS_MAX } from "../client/known_brokers.ts";
import { doAllKnow, findTopic, requestMetadata, type TopicMetadata } from "../client/metadata.ts";
import type { OctopusService } from "../settings/octopus_service.ts";
import type { TopicSpecification } from "../settings/kafka_options.ts";

/** Default number of replicas. */
const REPLICATION_FACTOR = 3;
/** Kafka's value for the cluster's default. */
const CLUSTER_DEFAULT = -1;
/** How long the creation or deletion of a topic may take to reach every broker, in milliseconds. */
const SPREAD_MS_MAX = 20_000;
const POLL_MS = 20;

/** A Kafka topic to be created. */
export interface NewTopic extends TopicSpecification {
  /** Its name in Kafka. */
  kafkaName: string;
  /** The name without the namespace. */
  localName: string;
  /** Whether no one else creates it at the same time: if it exists after an answer was lost, that made it. */
  isReserved?: boolean;
  /** Whether it gets the default number of replicas if the number given is smaller, and brokers accept that. */
  isImportant?: boolean;
}

/** Creates and deletes Kafka topics, directly or through a service. */
export class TopicAdmin {
  constructor(private readonly cluster: Cluster, private readonly service: OctopusService | undefined) {}

  /** Every visible Kafka topic; with a service, only its own topics. */
  async list(): Promise<Map<string, TopicMetadata>> {
    const served = await this.service?.kafkaNames();
    return await this.cluster.run("list topics", async (admin) => {
      const names = (await admin.listTopics()).filter((name) => served?.has(name) ?? true);
      try {
        return names.length === 0 ? new Map() : await requestMetadata(admin, names);
      } catch (error) {
        // Deleted in the meantime: list again.
        if (isUnknownTopic(error)) throw new BrokerError(this.cluster.servers, "", { canRetry: true });
        throw error;
      }
    });
  }

  /** Throws `NotSupportedError` for a topic that the service cannot create. */
  check(topic: string, { numPartitions, configs }: TopicSpecification): void {
    if (this.service === undefined || (numPartitions === 1 && configs.length === 0)) return;
    throw new NotSupportedError(
      `Cannot create topic "${topic}": the octopus service makes topics of one partition, without settings of ` +
        "their own",
    );
  }

  /** Creates a topic; false if it already exists. It can be used once `created` has resolved. */
  async create(topic: NewTopic): Promise<boolean> {
    return this.service === undefined
      ? await this.#createUnlessExists(topic)
      : await this.#createByService(this.service, topic);
  }

  /** Waits until the brokers agree that a topic was created. */
  async created(kafkaName: string): Promise<void> {
    await this.#awaitAgreement(kafkaName, true);
  }

  /**
   * Throws `BrokerError` if the user may not delete the info topic of a topic: without it the other one would be deleted,
   * and the info topic left, which the next topic of that name would get.
   */
  async checkDeletion(name: string, kafkaName: string, infoName: string): Promise<void> {
    if (this.service !== undefined) return;
    const leader = (await findTopic(this.cluster, kafkaName))?.leaders.find((one) => one !== undefined);
    if (leader === undefined) return;
    const refused = await undeletable(this.cluster, leader, [infoName, kafkaName]);
    if (!refused.includes(infoName)) return;
    const { servers, settings: { identity: { description } } } = this.cluster;
    const reason = "TOPIC_AUTHORIZATION_FAILED";
    const right = `"Delete" on the topic ${refused.map((one) => `"${one}"`).join(" and on ")}`;
    throw new BrokerError(
      servers,
      `Cannot delete topic "${name}", so nothing is deleted: Kafka at "${servers}" ${
        notAllowed(description, reason, right)
      }`,
      { reason },
    );
  }

  /** Deletes a topic and waits until it is gone; false if it did not exist. */
  async delete(kafkaName: string, localName: string): Promise<boolean> {
    if (this.service !== undefined) {
      if (await findTopic(this.cluster, kafkaName) === undefined) return false;
      await this.service.delete(localName);
    } else {
      let mayBeDone = false;
      const isDeleted = await this.cluster.run(`delete topic "${kafkaName}"`, async (admin) => {
        try {
          await admin.deleteTopics({ topics: [kafkaName] });
          return true;
        } catch (error) {
          if (isUnknownTopic(error)) return mayBeDone;
          mayBeDone ||= isClosedSilently(error);
          throw error;
        }
      });
      if (!isDeleted) return false;
    }
    await this.#awaitAgreement(kafkaName, false);
    return true;
  }

  /** Tries again while the topic exists and no broker has it: brokers with ZooKeeper delete in the background. */
  async #createUnlessExists(topic: NewTopic): Promise<boolean> {
    for (const deadline = performance.now() + SPREAD_MS_MAX;;) {
      if (await this.#createInKafka(topic, replicasOf(topic))) return true;
      if (await findTopic(this.cluster, topic.kafkaName) !== undefined || performance.now() > deadline) {
        return false;
      }
      await this.cluster.pause(POLL_MS);
    }
  }

  async #createInKafka(topic: NewTopic, replicas: number): Promise<boolean> {
    const { kafkaName, numPartitions, replicationFactor, configs, isReserved = false } = topic;
    const given = replicationFactor ?? replicas;
    let mayBeDone = false;
    const outcome = await this.cluster.run(`create topic "${kafkaName}"`, async (admin) => {
      try {
        await admin.createTopics({
          topics: [kafkaName],
          partitions: numPartitions,
          replicas,
          configs: configs.map(({ name, value }) => ({ name, value: value ?? undefined })),
        });
        return "created";
      } catch (error) {
        if (isFault(error, "TOPIC_ALREADY_EXISTS")) return mayBeDone ? "created" : "exists";
        mayBeDone ||= isReserved && isClosedSilently(error);
        if (isFault(error, "INVALID_REPLICATION_FACTOR") && replicas !== CLUSTER_DEFAULT) {
          return "refused replicas";
        }
        // By a policy of the operator, perhaps for this number.
        if (isFault(error, "POLICY_VIOLATION") && replicas > given) return "refused replicas";
        throw translated(error, kafkaName);
      }
    });
    if (outcome !== "refused replicas") return outcome === "created";
    if (replicas > given) return await this.#createInKafka(topic, given);
    // The number of replicas was not specified: on small clusters use the operator's default.
    if (replicationFactor === undefined) return await this.#createInKafka(topic, CLUSTER_DEFAULT);
    throw new InvalidOptionError(
      "replication_factor",
      `Cannot use ${replicas} as topic option "replication_factor": Kafka at "${this.cluster.servers}" has ` +
        "fewer brokers",
    );
  }

  async #createByService(service: OctopusService, topic: NewTopic): Promise<boolean> {
    if (await findTopic(this.cluster, topic.kafkaName) !== undefined) return false;
    await service.create(topic.localName);
    return true;
  }

  /** Waits until the brokers agree, so that the next caller sees the result. */
  async #awaitAgreement(kafkaName: string, isThere: boolean): Promise<void> {
    const deadline = performance.now() + SPREAD_MS_MAX;
    for (;;) {
      const found = await findTopic(this.cluster, kafkaName);
      if (isThere ? await this.#isReady(kafkaName, found) : found === undefined) return;
      if (performance.now() > deadline) {
        throw new BrokerError(
          this.cluster.servers,
          `Cannot wait longer for topic "${kafkaName}" to be ${isThere ? "created" : "deleted"}: Kafka at ` +
            `"${this.cluster.servers}" had not done so after ${SPREAD_MS_MAX / 1000} s`,
          { canRetry: true },
        );
      }
      await this.cluster.pause(POLL_MS);
    }
  }

  /** Whether every partition has a leader that knows about it. */
  async #isReady(kafkaName: string, found: TopicMetadata | undefined): Promise<boolean> {
    const leaders = found?.leaders.filter((leader) => leader !== undefined) ?? [];
    if (leaders.length === 0 || leaders.length !== found?.numPartitions) return false;
    const distinct = new Map(leaders.map((leader) => [leader.id, leader]));
    return await doAllKnow(this.cluster, distinct.values(), kafkaName);
  }
}

/** How many replicas to begin with. */
function replicasOf({ replicationFactor = REPLICATION_FACTOR, isImportant = false }: NewTopic): number {
  return isImportant ? Math.max(replicationFactor, REPLICATION_FACTOR) : replicationFactor;
}

function translated(error: unknown, kafkaName: string): unknown {
  if (!isFault(error, "INVALID_CONFIG", "INVALID_PARTITIONS", "POLICY_VIOLATION")) return error;
  const detail = (error as { errors?: { errors?: { serverErrorMessage?: string }[] }[] }).errors?.[0]?.errors
    ?.[0]
    ?.serverErrorMessage;
  return new InvalidOptionError(
    "",
    `Cannot create topic "${kafkaName}": ${detail ?? "its options do not fit"}`,
    {
      cause: error instanceof Error ? error : undefined,
    },
  );
}

/** What a broker says about topics, and what may be done with each. */
interface DescribedTopics {
  topics: { errorCode: number; name: string; topicAuthorizedOperations: number }[];
}

const TOPIC_AUTHORIZATION_FAILED = 29;
const MAY_DELETE = 1 << 6;
const NOT_TOLD = -(2 ** 31);

/** Those of the topics that the user may not delete, as far as a broker tells. */
async function undeletable(
  cluster: Cluster,
  broker: BrokerAddress,
  names: string[],
): Promise<string[]> {
  let answer: DescribedTopics | undefined;
  try {
    const request = { name: "Metadata", parameters: [names, false, true] };
    answer = await cluster.within(ONE_BROKER_MS_MAX, cluster.requestAdmin<DescribedTopics>(broker, request));
  } catch (error) {
    answer = (error as { response?: DescribedTopics }).response;
  }
  const mayNot = ({ errorCode, topicAuthorizedOperations: allowed }: DescribedTopics["topics"][number]) =>
    errorCode === TOPIC_AUTHORIZATION_FAILED ||
    (errorCode === 0 && allowed !== NOT_TOLD && (allowed & MAY_DELETE) === 0);
  return (answer?.topics ?? []).filter(mayNot).map(({ name }) => name);
}
