/**
 * The options of the built-in drivers and of their topics, for editors and type checkers. The validation rules are
 * typed by these, so neither side can have an option that the other lacks.
 *
 * @module
 */
import type { JsonObject } from "../json.ts";
import { type OptionRule, rule } from "../options.ts";

/** When a push counts as stored: see the guide's page on durability. */
export type FlushBehaviorOption = "buffered" | "on_flush" | "immediate";

/** Options that every driver accepts. */
export type CommonDriverOptions = {
  /** Modules, folders (with a slash at the end) and packages that stored topics may name as components */
  load_modules?: readonly string[] | undefined;
};

/** Options of the driver `files`. */
export type FilesDriverOptions = CommonDriverOptions & {
  /** Folder that holds the topics; a relative path is resolved when the driver is opened */
  root_path?: string | undefined;
  /** Use lock files around appends, for file systems on which appends from several machines are not atomic */
  use_file_locking?: boolean | undefined;
  /** Overrides the `flush_behavior` of topics, for producers of this driver */
  flush_behavior?: FlushBehaviorOption | undefined;
  /** Maximum number of partitions of a new topic */
  max_partitions?: number | undefined;
};

/** Options of a topic in files. */
export type FilesTopicOptions = {
  /** Number of partitions; cannot be changed later */
  num_partitions?: number | undefined;
  /** Size in bytes at which a segment file is closed and the next one is started */
  segment_bytes?: number | undefined;
  /** When events are on disk: when the operating system writes them (`buffered`, the default), after a flush (`on_flush`), or once a push completes (`immediate`) */
  flush_behavior?: FlushBehaviorOption | undefined;
  /** Keep at most this many bytes per partition; whole segments are removed, oldest first */
  retention_bytes?: number | undefined;
  /** Keep events this long, in seconds; whole segments are removed */
  retention_seconds?: number | undefined;
  /** Remove segments that every named consumer has acknowledged */
  retention_acknowledged?: boolean | undefined;
};

/** Options of the driver `memory`. */
export type MemoryDriverOptions = CommonDriverOptions & {
  /** Drivers with the same store share topics within the process; without it, each driver has its own */
  store?: string | undefined;
  /** Maximum number of partitions of a new topic */
  max_partitions?: number | undefined;
};

/** Options of a topic in memory. */
export type MemoryTopicOptions = {
  /** Number of partitions; cannot be changed later */
  num_partitions?: number | undefined;
  /** Accepted so that documents can be shared with `files`; has no effect */
  flush_behavior?: FlushBehaviorOption | undefined;
};

/** Options of the driver `kafka`, also called `octopus`. */
export type KafkaDriverOptions = CommonDriverOptions & {
  /** librdkafka properties, with dotted names or nested; `bootstrap.servers` is required */
  kafka: JsonObject;
  /** Kafka names are `NAMESPACE.TOPIC`; other topics are not visible */
  namespace?: string | undefined;
  /** Do not store documents for topics: every topic then has the default components */
  disable_info_topic?: boolean | undefined;
  /** Prefix of the topics that hold the documents of other topics; by default `__info_`, or `info_` with a service */
  info_topic_prefix?: string | undefined;
  /** `region` of Amazon's managed Kafka; tokens are then requested with the credentials in the environment */
  aws_msk_iam?: { region: string } | undefined;
  /** Service that creates and deletes topics: `url`, `subject`, `authorization`, or `subject_env` and `authorization_env` */
  octopus?: {
    url?: string | undefined;
    subject?: string | undefined;
    subject_env?: string | undefined;
    authorization?: string | undefined;
    authorization_env?: string | undefined;
  } | undefined;
};

/** Options of a topic in Kafka. */
export type KafkaTopicOptions = {
  /** Number of partitions; cannot be changed later */
  num_partitions?: number | undefined;
  /** Copies of each partition; by default 3, or the default of the cluster if it has fewer brokers */
  replication_factor?: number | undefined;
  /** Do not store documents for this topic: it then has the default components */
  disable_info_topic?: boolean | undefined;
  /** Keep events this long, in seconds */
  retention_seconds?: number | undefined;
  /** Keep at most this many bytes per partition */
  retention_bytes?: number | undefined;
  /** Size of Kafka's segments, in bytes */
  segment_bytes?: number | undefined;
  /** Other settings of the Kafka topic by name, e.g. `{ "max.message.bytes": 10485760 }` */
  kafka?: JsonObject | undefined;
};

/** The options of built-in drivers by name; those of other drivers are unknown until they are opened. */
export interface BuiltInDrivers {
  /** Topics stored in files. */
  files: { driver: FilesDriverOptions; topic: FilesTopicOptions };
  /** Topics in the memory of one process. */
  memory: { driver: MemoryDriverOptions; topic: MemoryTopicOptions };
  /** Topics stored in Kafka. */
  kafka: { driver: KafkaDriverOptions; topic: KafkaTopicOptions };
  /** An alias of `kafka`. */
  octopus: { driver: KafkaDriverOptions; topic: KafkaTopicOptions };
}

/** The options that `Driver.open` accepts for a name; any object for a driver that is not built in. */
export type DriverOptionsOf<Name extends string> = Name extends keyof BuiltInDrivers
  ? BuiltInDrivers[Name]["driver"]
  : JsonObject;

/** The options of topics of a driver of that name. */
export type TopicOptionsOf<Name extends string> = Name extends keyof BuiltInDrivers
  ? BuiltInDrivers[Name]["topic"]
  : JsonObject;

/** A rule with the description of its option, for the reference. */
export interface DocumentedRule extends OptionRule {
  /** What the option means. */
  meaning: string;
}

/** Exactly one rule for every option of a type. */
export type RulesOf<Options> = { readonly [Key in keyof Options]-?: DocumentedRule };

/** A rule with its description. */
export function documented(meaning: string, rule: OptionRule): DocumentedRule {
  return { ...rule, meaning };
}

/** A partition's folder name has eight digits. */
export const PARTITIONS_MAX = 99_999_999;

/**
 * Maximum number of partitions of a new topic unless the driver's options say otherwise. Each is a folder or an
 * object in memory, and an untrusted document must not be able to fill a disk with them; ten thousand are created
 * in a second.
 */
export const PARTITIONS_DEFAULT_MAX = 10_000;

/** The driver option that limits the number of partitions of a new topic. */
export const maxPartitionsRule: OptionRule = {
  expected: `a whole number from 1 to ${PARTITIONS_MAX}`,
  accepts: (value) => rule.wholeNumber(1).accepts(value) && (value as number) <= PARTITIONS_MAX,
  default: PARTITIONS_DEFAULT_MAX,
};

/** The topic option `num_partitions`, up to the limit of the driver. */
export function numPartitionsRule(partitionsMax: number): DocumentedRule {
  const more = partitionsMax < PARTITIONS_MAX ? ' (the driver option "max_partitions" allows more)' : "";
  return documented("Number of partitions; cannot be changed later", {
    expected: `a whole number from 1 to ${partitionsMax}${more}`,
    accepts: (value) => rule.wholeNumber(1).accepts(value) && (value as number) <= partitionsMax,
    default: 1,
  });
}
