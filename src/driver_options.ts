/**
 * The options of the built-in drivers and of their topics, for editors and type checkers. The rules that read them are
 * typed by these, so that neither can have an option that the other lacks.
 *
 * @module
 */
import type { JsonObject } from "./json.ts";
import type { OptionRule } from "./options.ts";

/** When a push counts as stored: see the guide's page on durability. */
export type FlushBehaviorOption = "buffered" | "on_flush" | "immediate";

/** What every driver takes. */
export type CommonDriverOptions = {
  /** Modules, folders (with a slash at the end) and packages that stored topics may name as components */
  load_modules?: string[];
};

/** Options of the driver `files`. */
export type FilesDriverOptions = CommonDriverOptions & {
  /** Folder that holds the topics; a relative one means what it names when the driver is opened */
  root_path?: string;
  /** Lock files around appends, for file systems on which machines do not append atomically */
  use_file_locking?: boolean;
  /** Overrides the `flush_behavior` of topics, for producers of this driver */
  flush_behavior?: FlushBehaviorOption;
  /** How many partitions a new topic may have */
  max_partitions?: number;
};

/** Options of a topic in files. */
export type FilesTopicOptions = {
  /** Number of partitions; cannot be changed later */
  num_partitions?: number;
  /** Size at which a segment file is closed and the next one begun, in bytes */
  segment_bytes?: number;
  /** When a push counts as stored: with the operating system (default), on disk after a flush, on disk at once */
  flush_behavior?: FlushBehaviorOption;
  /** Keep at most this many bytes a partition; whole segments are removed, the oldest first */
  retention_bytes?: number;
  /** Keep events this long, in seconds; whole segments are removed */
  retention_seconds?: number;
  /** Remove segments that every named consumer has acknowledged */
  retention_acknowledged?: boolean;
};

/** Options of the driver `memory`. */
export type MemoryDriverOptions = CommonDriverOptions & {
  /** Drivers with the same store share topics, within the process; without it a driver has its own */
  store?: string;
  /** How many partitions a new topic may have */
  max_partitions?: number;
};

/** Options of a topic in memory. */
export type MemoryTopicOptions = {
  /** Number of partitions; cannot be changed later */
  num_partitions?: number;
  /** Taken for the sake of documents shared with `files`; changes nothing */
  flush_behavior?: FlushBehaviorOption;
};

/** Options of the driver `kafka`, also called `octopus`. */
export type KafkaDriverOptions = CommonDriverOptions & {
  /** Properties of librdkafka, by dotted names or nested; `bootstrap.servers` is required */
  kafka: JsonObject;
  /** Kafka names are `NAMESPACE.TOPIC`; other topics are not seen */
  namespace?: string;
  /** Keep no documents beside topics: every topic then has the default components */
  disable_info_topic?: boolean;
  /** Prefix of the topics that hold the documents of others; without it `__info_`, or `info_` with a service */
  info_topic_prefix?: string;
  /** `region` of Amazon's managed Kafka, whose tokens are then asked for with the credentials of the environment */
  aws_msk_iam?: { region: string };
  /** Service that creates and deletes topics: `url`, `subject`, `authorization`, or `subject_env` and `authorization_env` */
  octopus?: {
    url?: string;
    subject?: string;
    subject_env?: string;
    authorization?: string;
    authorization_env?: string;
  };
};

/** Options of a topic in Kafka. */
export type KafkaTopicOptions = {
  /** Number of partitions; cannot be changed later */
  num_partitions?: number;
  /** Copies of each partition; without it 3, or the cluster's own number where it has fewer brokers */
  replication_factor?: number;
  /** Keep no documents beside this topic: it then has the default components */
  disable_info_topic?: boolean;
  /** Keep events this long, in seconds */
  retention_seconds?: number;
  /** Keep at most this many bytes a partition */
  retention_bytes?: number;
  /** Size of Kafka's segments, in bytes */
  segment_bytes?: number;
  /** Further settings of the Kafka topic by their names, e.g. `{ "cleanup.policy": "compact" }` */
  kafka?: JsonObject;
};

/** The options of built-in drivers by name; of others nothing is known before they are opened. */
export interface BuiltInDrivers {
  /** Topics in files. */
  files: { driver: FilesDriverOptions; topic: FilesTopicOptions };
  /** Topics in the memory of a process. */
  memory: { driver: MemoryDriverOptions; topic: MemoryTopicOptions };
  /** Topics in Kafka. */
  kafka: { driver: KafkaDriverOptions; topic: KafkaTopicOptions };
  /** The same as `kafka`. */
  octopus: { driver: KafkaDriverOptions; topic: KafkaTopicOptions };
}

/** The options that `Driver.open` takes with a name; any object for a driver that is not built in. */
export type DriverOptionsOf<Name extends string> = Name extends keyof BuiltInDrivers
  ? BuiltInDrivers[Name]["driver"]
  : JsonObject;

/** The options of topics of a driver of that name. */
export type TopicOptionsOf<Name extends string> = Name extends keyof BuiltInDrivers
  ? BuiltInDrivers[Name]["topic"]
  : JsonObject;

/** A rule that also says what its option means, for the reference. */
export interface DocumentedRule extends OptionRule {
  /** What the option means. */
  meaning: string;
}

/** A rule for every option of a type, and no other. */
export type RulesOf<Options> = { readonly [Key in keyof Options]-?: DocumentedRule };

/** A rule with its meaning. */
export function documented(meaning: string, rule: OptionRule): DocumentedRule {
  return { ...rule, meaning };
}
