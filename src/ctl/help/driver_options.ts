// Written by npm run reference from the rules that read the options; not to be edited.

/** Options of drivers and of their topics by driver name, each with its description and its default. */
export const DRIVER_OPTIONS: Readonly<
  Record<string, Record<"driver" | "topic", readonly (readonly [key: string, meaning: string])[]>>
> = {
  files: {
    driver: [
      [
        "root_path",
        "Folder that holds the topics; a relative path is resolved when the driver is opened (default: ./diaspora_data)",
      ],
      [
        "use_file_locking",
        "Use lock files around appends, for file systems on which appends from several machines are not atomic (default: false)",
      ],
      ["flush_behavior", "Overrides the `flush_behavior` of topics, for producers of this driver"],
      ["max_partitions", "Maximum number of partitions of a new topic (default: 10000)"],
    ],
    topic: [
      ["num_partitions", "Number of partitions; cannot be changed later (default: 1)"],
      [
        "segment_bytes",
        "Size in bytes at which a segment file is closed and the next one is started (default: 134217728)",
      ],
      [
        "flush_behavior",
        "When events are on disk: when the operating system writes them (`buffered`, the default), after a flush (`on_flush`), or once a push completes (`immediate`)",
      ],
      [
        "retention_bytes",
        "Keep at most this many bytes per partition; whole segments are removed, oldest first",
      ],
      ["retention_seconds", "Keep events this long, in seconds; whole segments are removed"],
      ["retention_acknowledged", "Remove segments that every named consumer has acknowledged"],
    ],
  },
  kafka: {
    driver: [
      ["kafka", "librdkafka properties, with dotted names or nested; `bootstrap.servers` is required"],
      ["namespace", "Kafka names are `NAMESPACE.TOPIC`; other topics are not visible"],
      [
        "disable_info_topic",
        "Do not store documents for topics: every topic then has the default components (default: false)",
      ],
      [
        "info_topic_prefix",
        "Prefix of the topics that hold the documents of other topics; by default `__info_`, or `info_` with a service",
      ],
      [
        "aws_msk_iam",
        "`region` of Amazon's managed Kafka; tokens are then requested with the credentials in the environment",
      ],
      [
        "octopus",
        "Service that creates and deletes topics: `url`, `subject`, `authorization`, or `subject_env` and `authorization_env`",
      ],
    ],
    topic: [
      ["num_partitions", "Number of partitions; cannot be changed later (default: 1)"],
      [
        "replication_factor",
        "Copies of each partition; by default 3, or the default of the cluster if it has fewer brokers",
      ],
      ["disable_info_topic", "Do not store documents for this topic: it then has the default components"],
      ["retention_seconds", "Keep events this long, in seconds"],
      ["retention_bytes", "Keep at most this many bytes per partition"],
      ["segment_bytes", "Size of Kafka's segments, in bytes"],
      ["kafka", 'Other settings of the Kafka topic by name, e.g. `{ "max.message.bytes": 10485760 }`'],
    ],
  },
};
