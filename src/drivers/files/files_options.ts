import type { GroupEnvironment } from "../../groups/mod.ts";
import { type FlushBehavior, SEGMENT_BYTES_DEFAULT, SEGMENT_BYTES_MAX } from "../../log/mod.ts";
import {
  documented,
  type FilesDriverOptions,
  type FilesTopicOptions,
  maxPartitionsRule,
  numPartitionsRule,
  PARTITIONS_MAX,
  type RulesOf,
} from "../../options/driver_options.ts";
import type { JsonObject } from "../../json.ts";
import { type OptionRule, readOptions, refuseFixed, rule } from "../../options.ts";
import { isMisread, ROOT_PATH_DEFAULT, withAbsoluteRoot } from "./root_path.ts";

const FLUSH_BEHAVIORS = ["buffered", "on_flush", "immediate"];

const rootPath: OptionRule = {
  expected:
    "a path: text without NUL characters, no URL (fileURLToPath of node:url makes a path of one), and no " +
    '"~/" at its start, which only shells replace (write the path of the home folder, or "./" before it for a folder of that name)',
  accepts: (value) => typeof value === "string" && value !== "" && !value.includes("\0") && !isMisread(value),
  default: ROOT_PATH_DEFAULT,
};

/** The driver's options. */
export const DRIVER_RULES: RulesOf<Omit<FilesDriverOptions, "load_modules">> = {
  root_path: documented(
    "Folder that holds the topics; a relative path is resolved when the driver is opened",
    rootPath,
  ),
  use_file_locking: documented(
    "Use lock files around appends, for file systems on which appends from several machines are not atomic",
    rule.flag(false),
  ),
  flush_behavior: documented(
    "Overrides the `flush_behavior` of topics, for producers of this driver",
    rule.oneOf(FLUSH_BEHAVIORS),
  ),
  max_partitions: documented("Maximum number of partitions of a new topic", maxPartitionsRule),
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

/** The topic options that can be changed after creation. */
export const CHANGEABLE_RULES: RulesOf<Omit<FilesTopicOptions, "num_partitions">> = {
  segment_bytes: documented(
    "Size in bytes at which a segment file is closed and the next one is started",
    segmentBytes,
  ),
  flush_behavior: documented(
    "When events are on disk: when the operating system writes them (`buffered`, the default), after a flush (`on_flush`), or once a push completes (`immediate`)",
    rule.oneOf(FLUSH_BEHAVIORS),
  ),
  retention_bytes: documented(
    "Keep at most this many bytes per partition; whole segments are removed, oldest first",
    rule.wholeNumber(0),
  ),
  retention_seconds: documented("Keep events this long, in seconds; whole segments are removed", seconds),
  retention_acknowledged: documented(
    "Remove segments that every named consumer has acknowledged",
    rule.flag(),
  ),
};

export interface FilesOptions {
  rootPath: string;
  useFileLocking: boolean;
  /** Overrides the topics' own setting, for producers of this driver. */
  flushBehavior?: FlushBehavior | undefined;
  /** Maximum number of partitions of a new topic. */
  partitionsMax: number;
  /** Smaller sizes, for tests. */
  sizes?: LogSizes | undefined;
  /** A simulated machine, for tests. */
  environment?: GroupEnvironment | undefined;
}

/** Sizes that users need not choose; tests use them for small logs with all features. */
export interface LogSizes {
  /** Bytes between two index entries. */
  indexIntervalBytes?: number;
  /** Size of the chunks into which large data parts are split. */
  chunkBytes?: number;
  /** Data parts of at most this size are written again as one frame. */
  frameDataBytes?: number;
}

/** The options of a topic, with the defaults. */
export type CheckedTopicOptions =
  & JsonObject
  & FilesTopicOptions
  & { num_partitions: number; segment_bytes: number };

export function readFilesOptions(document: JsonObject): FilesOptions {
  const options = readOptions("files driver", withAbsoluteRoot(document), DRIVER_RULES);
  return {
    rootPath: options.root_path as string,
    useFileLocking: options.use_file_locking as boolean,
    flushBehavior: options.flush_behavior as FlushBehavior | undefined,
    partitionsMax: options.max_partitions as number,
  };
}

/** Validates a topic's options and fills in the defaults; the driver limits the partitions of a new topic. */
export function checkTopicOptions(
  document: JsonObject,
  partitionsMax: number = PARTITIONS_MAX,
): CheckedTopicOptions {
  return readOptions("topic", document, {
    num_partitions: numPartitionsRule(partitionsMax),
    ...CHANGEABLE_RULES,
  }) as CheckedTopicOptions;
}

/** Validates changes to a topic's options; `null` resets one to its default. */
export function checkChanges(document: JsonObject): JsonObject {
  refuseFixed(document, ["num_partitions"]);
  const rules = Object.fromEntries(
    Object.entries(CHANGEABLE_RULES).map(([key, { expected, accepts }]): [string, OptionRule] => [key, {
      expected: `${expected}, or null for the default`,
      accepts: (value) => value === null || accepts(value),
    }]),
  );
  return readOptions("topic", document, rules);
}
