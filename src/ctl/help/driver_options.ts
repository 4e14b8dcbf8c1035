// Written by npm run reference from the rules that read the options; not to be edited.

/** Options by driver: of itself and of its topics, each with what it means. */
export const DRIVER_OPTIONS: Readonly<
  Record<string, Record<"driver" | "topic", readonly (readonly [key: string, meaning: string])[]>>
> = {
  files: {
    driver: [
      [
        "root_path",
        "Folder that holds the topics; a relative one means what it names when the driver is opened",
      ],
      [
        "use_file_locking",
        "Lock files around appends, for file systems on which machines do not append atomically",
      ],
      ["flush_behavior", "Overrides the `flush_behavior` of topics, for producers of this driver"],
      ["max_partitions", "How many partitions a new topic may have"],
    ],
    topic: [
      ["num_partitions", "Number of partitions; cannot be changed later"],
      ["segment_bytes", "Size at which a segment file is closed and the next one begun, in bytes"],
      [
        "flush_behavior",
        "When a push counts as stored: with the operating system (default), on disk after a flush, on disk at once",
      ],
      [
        "retention_bytes",
        "Keep at most this many bytes a partition; whole segments are removed, the oldest first",
      ],
      ["retention_seconds", "Keep events this long, in seconds; whole segments are removed"],
      ["retention_acknowledged", "Remove segments that every named consumer has acknowledged"],
    ],
  },
  kafka: {
    driver: [
      ["kafka", "Properties of librdkafka, by dotted names or nested; `bootstrap.servers` is required"],
      ["namespace", "Kafka names are `NAMESPACE.TOPIC`; other topics are not seen"],
      ["disable_info_topic", "Keep no documents beside topics: every topic then has the default components"],
      [
        "info_topic_prefix",
        "Prefix of the topics that hold the documents of others; without it `__info_`, or `info_` with a service",
      ],
      [
        "aws_msk_iam",
        "`region` of Amazon's managed Kafka, whose tokens are then asked for with the credentials of the environment",
      ],
      [
        "octopus",
        "Service that creates and deletes topics: `url`, `subject`, `authorization`, or `subject_env` and `authorization_env`",
      ],
    ],
    topic: [
      ["num_partitions", "Number of partitions; cannot be changed later"],
      [
        "replication_factor",
        "Copies of each partition; without it 3, or the cluster's own number where it has fewer brokers",
      ],
      ["disable_info_topic", "Keep no documents beside this topic: it then has the default components"],
      ["retention_seconds", "Keep events this long, in seconds"],
      ["retention_bytes", "Keep at most this many bytes a partition"],
      ["segment_bytes", "Size of Kafka's segments, in bytes"],
      ["kafka", 'Further settings of the Kafka topic by their names, e.g. `{ "cleanup.policy": "compact" }`'],
    ],
  },
};
