import { type FlushBehavior, SEGMENT_BYTES_DEFAULT, SEGMENT_BYTES_MAX } from "../../log/mod.ts";
import type { JsonObject } from "../../json.ts";
import { type OptionRule, type OptionRules, readOptions, rule } from "../../options.ts";
import { maxPartitionsRule, numPartitionsRule, PARTITIONS_MAX } from "../../partition_limit.ts";
import { ROOT_PATH_DEFAULT, withAbsoluteRoot } from "./root_path.ts";

const FLUSH_BEHAVIORS = ["buffered", "on_flush", "immediate"];

const DRIVER_RULES: OptionRules = {
  root_path: rule.text({ default: ROOT_PATH_DEFAULT }),
  use_file_locking: rule.flag(false),
  flush_behavior: rule.oneOf(FLUSH_BEHAVIORS),
  max_partitions: maxPartitionsRule,
};

const SEGMENT_BYTES_MIN = 4096;

const segmentBytes: OptionRule = {
  expected: `a whole number from ${SEGMENT_BYTES_MIN} to ${SEGMENT_BYTES_MAX}`,
  accepts: (value) =>
    Number.isSafeInteger(value) && (value as number) >= SEGMENT_BYTES_MIN &&
    (value as number) <= SEGMENT_BYTES_MAX,
  default: SEGMENT_BYTES_DEFAULT,
};

const seconds: OptionRule = {
  expected: "a number of seconds above 0",
  accepts: (value) => typeof value === "number" && value > 0,
};

/** What of a topic may change later. */
const CHANGEABLE_RULES: OptionRules = {
  segment_bytes: segmentBytes,
  flush_behavior: rule.oneOf(FLUSH_BEHAVIORS),
  retention_bytes: rule.wholeNumber(0),
  retention_seconds: seconds,
  retention_acknowledged: rule.flag(),
};

/** Options of the driver. */
export interface FilesOptions {
  /** Absolute. */
  rootPath: string;
  useFileLocking: boolean;
  /** Overrides the topics' own, for producers of this driver. */
  flushBehavior?: FlushBehavior;
  /** How many partitions a new topic may have. */
  partitionsMax: number;
  /** Smaller than usual, for tests. */
  sizes?: LogSizes;
}

/** Sizes that no one needs to choose, save tests that want a small log with everything in it. */
export interface LogSizes {
  /** Bytes between two index entries. */
  indexIntervalBytes?: number;
  /** Size of the pieces that large data parts are cut into. */
  chunkBytes?: number;
}

/** Options of a topic. */
export interface FilesTopicOptions {
  numPartitions: number;
  segmentBytesMax: number;
  flushBehavior?: FlushBehavior;
  /** Keep at most this many bytes a partition. */
  retentionBytes?: number;
  /** Keep events this long. */
  retentionSeconds?: number;
  /** Remove what every named consumer acknowledged. */
  retentionAcknowledged?: boolean;
}

/** Checks the driver's options. */
export function readFilesOptions(document: JsonObject): FilesOptions {
  const options = readOptions("files driver", withAbsoluteRoot(document), DRIVER_RULES);
  return {
    rootPath: options.root_path as string,
    useFileLocking: options.use_file_locking as boolean,
    flushBehavior: options.flush_behavior as FlushBehavior | undefined,
    partitionsMax: options.max_partitions as number,
  };
}

/** Checks a topic's options and fills in the defaults; a new topic may have as many partitions as the driver says. */
export function checkTopicOptions(document: JsonObject, partitionsMax: number = PARTITIONS_MAX): JsonObject {
  return readOptions("topic", document, {
    num_partitions: numPartitionsRule(partitionsMax),
    ...CHANGEABLE_RULES,
  });
}

/** Checks changes to a topic's options; `null` takes one back to its default. */
export function checkChanges(document: JsonObject): JsonObject {
  const rules = Object.fromEntries(
    Object.entries(CHANGEABLE_RULES).map(([key, { expected, accepts }]): [string, OptionRule] => [key, {
      expected: `${expected}, or null for the default`,
      accepts: (value) => value === null || accepts(value),
    }]),
  );
  return readOptions("topic", document, rules);
}

/** A topic's stored options, typed. */
export function readTopicOptions(document: JsonObject): FilesTopicOptions {
  const options = checkTopicOptions(document);
  return {
    numPartitions: options.num_partitions as number,
    segmentBytesMax: options.segment_bytes as number,
    flushBehavior: options.flush_behavior as FlushBehavior | undefined,
    retentionBytes: options.retention_bytes as number | undefined,
    retentionSeconds: options.retention_seconds as number | undefined,
    retentionAcknowledged: options.retention_acknowledged as boolean | undefined,
  };
}
