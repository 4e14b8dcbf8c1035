import { BrokerError, InvalidOptionError } from "../../errors.ts";
import type { Cluster } from "./cluster.ts";
import type { TopicConfig } from "./options.ts";

/** A topic's settings, as Kafka has them. */
export interface TopicConfigs {
  /** Those that were set for this topic. */
  configs: TopicConfig[];
  /** The largest batch it takes, in bytes. */
  batchBytesMax: number | undefined;
}

/** The settings of topics by Kafka name; without those that are kept from us. */
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
    // Reading and writing events needs no right to see settings.
    if (error instanceof BrokerError && error.reason?.endsWith("AUTHORIZATION_FAILED")) return new Map();
    throw error;
  }
}

/** Changes some of a topic's settings. */
export async function changeConfigs(
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
    if (error instanceof BrokerError && error.reason === "INVALID_CONFIG") {
      throw new InvalidOptionError("", error.message, { cause: error });
    }
    throw error;
  }
}
