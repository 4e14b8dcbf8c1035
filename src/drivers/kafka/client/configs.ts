import { BrokerError, InvalidOptionError } from "../../../errors.ts";
import type { Cluster } from "./cluster.ts";
import type { TopicConfig } from "../settings/kafka_options.ts";

/** How long a configuration change may take to reach the brokers, in milliseconds. */
const SPREAD_MS_MAX = 5000;
const POLL_MS = 20;
/** Why brokers do not answer about a topic that was deleted. */
const UNKNOWN = ["UNKNOWN_TOPIC_OR_PARTITION", "UNKNOWN_TOPIC_ID"];

/** A topic's configuration in Kafka. */
export interface TopicConfigs {
  /** The entries that were set for this topic. */
  configs: TopicConfig[];
  /** Maximum batch size in bytes. */
  batchBytesMax: number | undefined;
}

/** The configurations of topics by Kafka name; omits those we may not read, and those that do not exist any more. */
export async function configsOfTopics(
  cluster: Cluster,
  kafkaNames: readonly string[],
): Promise<Map<string, TopicConfigs>> {
  if (kafkaNames.length === 0) return new Map();
  const { ConfigResourceTypes, ConfigSources } = cluster.module;
  const resources = kafkaNames.map((resourceName) => ({
    resourceType: ConfigResourceTypes.TOPIC,
    resourceName,
    configurationKeys: null,
  }));
  try {
    const answers = await cluster.run(
      "read the settings of topics",
      (admin) => admin.describeConfigs({ resources }),
    );
    return new Map(answers.map(({ resourceName, configs }): [string, TopicConfigs] => {
      const limit = configs.find(({ name }) => name === "max.message.bytes")?.value;
      return [resourceName, {
        configs: configs.filter(({ configSource }) => configSource === ConfigSources.DYNAMIC_TOPIC_CONFIG)
          .map(({ name, value }) => ({ name, value: value ?? null })),
        batchBytesMax: Number(limit) || undefined,
      }];
    }));
  } catch (error) {
    // Reading and writing events does not require the right to read configurations.
    if (error instanceof BrokerError && error.reason?.endsWith("AUTHORIZATION_FAILED")) return new Map();
    if (!(error instanceof BrokerError) || !UNKNOWN.includes(error.reason ?? "")) throw error;
    // The answer is about all of them.
    if (kafkaNames.length === 1) return new Map();
    const middle = kafkaNames.length >> 1;
    const [first, rest] = [kafkaNames.slice(0, middle), kafkaNames.slice(middle)];
    return new Map([...await configsOfTopics(cluster, first), ...await configsOfTopics(cluster, rest)]);
  }
}

/** Whether all changes are in effect. */
function haveChanged(configs: readonly TopicConfig[], changes: readonly TopicConfig[]): boolean {
  return changes.every(({ name, value }) =>
    (configs.find((one) => one.name === name)?.value ?? null) === value
  );
}

/**
 * Changes some of a topic's configuration entries, and returns all of them once the brokers report the changes.
 */
export async function changeConfigs(
  cluster: Cluster,
  kafkaName: string,
  changes: readonly TopicConfig[],
): Promise<TopicConfig[]> {
  await alterConfigs(cluster, kafkaName, changes);
  const deadline = performance.now() + SPREAD_MS_MAX;
  for (;;) {
    const found = (await configsOfTopics(cluster, [kafkaName])).get(kafkaName)?.configs;
    if (found === undefined) return changes.filter(({ value }) => value !== null);
    if (haveChanged(found, changes) || performance.now() > deadline) return found;
    await cluster.pause(POLL_MS);
  }
}

async function alterConfigs(
  cluster: Cluster,
  kafkaName: string,
  changes: readonly TopicConfig[],
): Promise<void> {
  const { ConfigResourceTypes, IncrementalAlterConfigOperationTypes: { SET, DELETE } } = cluster.module;
  try {
    await cluster.run(
      `change the settings of topic "${kafkaName}"`,
      (admin) =>
        admin.incrementalAlterConfigs({
          resources: [{
            resourceType: ConfigResourceTypes.TOPIC,
            resourceName: kafkaName,
            configs: changes.map(({ name, value }) =>
              value === null ? { name, configOperation: DELETE } : { name, value, configOperation: SET }
            ),
          }],
        }),
    );
  } catch (error) {
    if (error instanceof BrokerError && isInvalidConfig(error)) {
      throw new InvalidOptionError("", error.message, { cause: error });
    }
    throw error;
  }
}

/** Brokers before version 3 have no separate error code for this when configurations are changed. */
function isInvalidConfig({ reason, message }: BrokerError): boolean {
  return reason === "INVALID_CONFIG" ||
    (reason === "INVALID_REQUEST" && message.includes("Invalid config value"));
}
