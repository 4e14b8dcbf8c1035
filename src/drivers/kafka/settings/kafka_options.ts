import {
  documented,
  type KafkaDriverOptions,
  type KafkaTopicOptions,
  type RulesOf,
} from "../../../options/driver_options.ts";
import { InvalidOptionError } from "../../../errors.ts";
import { isObject, type JsonObject, type JsonValue } from "../../../json.ts";
import { invalidOption, type OptionRule, readOptions, refuseFixed, rule } from "../../../options.ts";
import { readServiceOptions, type ServiceOptions } from "./octopus_service.ts";
import { withDottedKeys } from "./properties.ts";
import { PROPERTIES } from "./property_table.ts";

const OWNER = "octopus driver";
const PARTITIONS_MAX = 1_000_000;
const REPLICAS_MAX = 32_767;

const object: OptionRule = {
  expected: "an object",
  accepts: isObject,
};

/** The driver's options. */
export const DRIVER_RULES: RulesOf<Omit<KafkaDriverOptions, "load_modules">> = {
  kafka: documented(
    "librdkafka properties, with dotted names or nested; `bootstrap.servers` is required",
    { ...object, expected: 'an object with "bootstrap.servers"', required: true },
  ),
  namespace: documented(
    "Kafka names are `NAMESPACE.TOPIC`; other topics are not visible",
    rule.text(),
  ),
  disable_info_topic: documented(
    "Do not store documents for topics: every topic then has the default components",
    rule.flag(false),
  ),
  info_topic_prefix: documented(
    "Prefix of the topics that hold the documents of other topics; by default `__info_`, or `info_` with a service",
    rule.text(),
  ),
  aws_msk_iam: documented(
    "`region` of Amazon's managed Kafka; tokens are then requested with the credentials in the environment",
    object,
  ),
  octopus: documented(
    "Service that creates and deletes topics: `url`, `subject`, `authorization`, or `subject_env` and " +
      "`authorization_env`",
    object,
  ),
};

/** The options the driver is opened with. */
export interface OctopusOptions {
  /** librdkafka's properties, not yet validated. */
  kafka: JsonValue | undefined;
  /** Region of Amazon MSK from which tokens are requested. */
  region: string | undefined;
  namespace: string | undefined;
  infoTopicPrefix: string;
  disableInfoTopic: boolean;
  service: ServiceOptions | undefined;
}

/** Kafka's own properties belong one level deeper, which is easily forgotten; a command line nests them. */
function refuseMisplaced(document: JsonObject): void {
  for (const key of Object.keys(withDottedKeys(document))) {
    if (!PROPERTIES.includes(key)) continue;
    throw new InvalidOptionError(
      key,
      `Cannot use ${OWNER} option "${key}": it is a property of Kafka, to be given within the option "kafka"`,
    );
  }
}

/** Validates the driver's options; throws `InvalidOptionError`. */
export function readDriverOptions(document: JsonObject): OctopusOptions {
  refuseMisplaced(document);
  const options = readOptions(OWNER, document, DRIVER_RULES);
  const namespace = options.namespace as string | undefined;
  const service = options.octopus === undefined
    ? undefined
    : readServiceOptions(options.octopus as JsonObject);
  if (service !== undefined && namespace === undefined) {
    throw new InvalidOptionError(
      "namespace",
      `Cannot leave out ${OWNER} option "namespace": the octopus service keeps topics in namespaces`,
    );
  }
  const prefix = options.info_topic_prefix as string | undefined ??
    (service === undefined ? "__info_" : "info_");
  if (!/^[A-Za-z0-9._-]{1,100}$/.test(prefix)) {
    throw invalidOption(OWNER, "info_topic_prefix", prefix, "letters, digits, dots, hyphens and underscores");
  }
  return {
    kafka: options.kafka,
    region: readRegion(options.aws_msk_iam as JsonObject | undefined),
    namespace,
    infoTopicPrefix: prefix,
    disableInfoTopic: options.disable_info_topic as boolean,
    service,
  };
}

function readRegion(document: JsonObject | undefined): string | undefined {
  if (document === undefined) return undefined;
  const { region } = readOptions("aws_msk_iam", document, { region: rule.text({ required: true }) });
  if (!/^[a-z0-9-]+$/.test(region as string)) {
    throw invalidOption("aws_msk_iam", "region", region, 'a region like "us-east-1"');
  }
  return region as string;
}

const seconds: OptionRule = {
  expected: "a number of seconds above 0",
  accepts: (value) => typeof value === "number" && value > 0 && value < 1e12,
};

/** The topic options that can be changed after creation: retention, and Kafka's topic configuration by name. */
const CHANGEABLE_RULES: RulesOf<
  Omit<KafkaTopicOptions, "num_partitions" | "replication_factor" | "disable_info_topic">
> = {
  retention_seconds: documented("Keep events this long, in seconds", seconds),
  retention_bytes: documented("Keep at most this many bytes per partition", rule.wholeNumber(0)),
  segment_bytes: documented("Size of Kafka's segments, in bytes", rule.wholeNumber(1)),
  kafka: documented(
    'Other settings of the Kafka topic by name, e.g. `{ "max.message.bytes": 10485760 }`',
    {
      expected: "an object with texts, numbers, true or false",
      accepts: (value) =>
        object.accepts(value) &&
        Object.values(withDottedKeys(value as JsonObject)).every((one) =>
          ["string", "number", "boolean"].includes(typeof one)
        ),
    },
  ),
};

function count(most: number): OptionRule {
  return {
    expected: `a whole number from 1 to ${most}`,
    accepts: (value) => Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= most,
  };
}

/** The options of a topic. */
export const TOPIC_RULES: RulesOf<KafkaTopicOptions> = {
  num_partitions: documented("Number of partitions; cannot be changed later", {
    ...count(PARTITIONS_MAX),
    default: 1,
  }),
  replication_factor: documented(
    "Copies of each partition; by default 3, or the default of the cluster if it has fewer brokers",
    count(REPLICAS_MAX),
  ),
  disable_info_topic: documented(
    "Do not store documents for this topic: it then has the default components",
    rule.flag(),
  ),
  ...CHANGEABLE_RULES,
};

/** A configuration entry of a Kafka topic; `null` resets it to the cluster's default. */
export interface TopicConfig {
  name: string;
  value: string | null;
}

/** How to create a topic. */
export interface TopicSpecification {
  numPartitions: number;
  /** Copies of each partition; undefined means the driver's default. */
  replicationFactor: number | undefined;
  disableInfoTopic: boolean | undefined;
  configs: TopicConfig[];
}

/** Validates a new topic's options; throws `InvalidOptionError`. */
export function readTopicOptions(document: JsonObject): TopicSpecification {
  const options = readOptions("topic", document, TOPIC_RULES);
  return {
    numPartitions: options.num_partitions as number,
    replicationFactor: options.replication_factor as number | undefined,
    disableInfoTopic: options.disable_info_topic as boolean | undefined,
    configs: configsOf(options),
  };
}

/** Validates changes to a topic's options; `null` resets one to its default. */
export function readChanges(document: JsonObject): TopicConfig[] {
  refuseFixed(document, ["num_partitions", "replication_factor", "disable_info_topic"]);
  const rules = Object.fromEntries(
    Object.entries(CHANGEABLE_RULES).map(([key, { expected, accepts }]): [string, OptionRule] => [key, {
      expected: `${expected}, or null for the default`,
      accepts: (value) => value === null && key !== "kafka" || accepts(value),
    }]),
  );
  return configsOf(readOptions("topic", document, rules));
}

/** The options that correspond to a topic's Kafka configuration. */
export function optionsOf(configs: readonly TopicConfig[]): JsonObject {
  const options: JsonObject = {};
  const others: JsonObject = {};
  for (const { name, value } of configs) {
    const known = KNOWN.find((one) => one.config === name);
    if (known === undefined || Number(value) < 0) others[name] = value;
    else options[known.option] = Number(value) / known.factor;
  }
  return Object.keys(others).length === 0 ? options : { ...options, kafka: others };
}

const KNOWN = [
  { option: "retention_seconds", config: "retention.ms", factor: 1000 },
  { option: "retention_bytes", config: "retention.bytes", factor: 1 },
  { option: "segment_bytes", config: "segment.bytes", factor: 1 },
];

function configsOf(options: JsonObject): TopicConfig[] {
  const configs: TopicConfig[] = [];
  for (const { option, config, factor } of KNOWN) {
    const value = options[option];
    if (value !== undefined) {
      configs.push({
        name: config,
        value: value === null ? null : String(Math.ceil(Number(value) * factor)),
      });
    }
  }
  for (const [name, value] of Object.entries(withDottedKeys(options.kafka as JsonObject | undefined ?? {}))) {
    if (name === "cleanup.policy") refuseCompaction(String(value));
    if (configs.some((one) => one.name === name)) throw givenTwice(name);
    configs.push({ name, value: String(value) });
  }
  return configs;
}

function givenTwice(config: string): InvalidOptionError {
  const { option } = KNOWN.find((one) => one.config === config)!;
  return new InvalidOptionError(
    "kafka",
    `Cannot use Kafka topic setting "${config}": topic option "${option}" is given as well, and means the same`,
  );
}

/** Brokers refuse every event of a compacted topic that has no key. */
function refuseCompaction(policy: string): void {
  if (!policy.split(",").some((word) => word.trim() === "compact")) return;
  throw new InvalidOptionError(
    "kafka",
    `Cannot use ${
      JSON.stringify(policy)
    } as Kafka topic setting "cleanup.policy": brokers store only events with ` +
      'a key in compacted topics, and events here have none; use "delete"',
  );
}
