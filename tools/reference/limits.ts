import {
  DATA_BYTES_MAX,
  FRAME_DATA_BYTES_MAX,
  FRAME_EVENTS_MAX,
  METADATA_BYTES_MAX,
} from "../../src/log/format/bytes.ts";
import { SEGMENT_BYTES_MAX } from "../../src/log/write/appender.ts";
import { CONSUMER_NAME_BYTES_MAX, TOPIC_NAME_BYTES_MAX } from "../../src/names.ts";
import { PARTITIONS_DEFAULT_MAX, PARTITIONS_MAX } from "../../src/options/driver_options.ts";
import {
  BATCH_BYTES_MAX,
  LARGE_DATA_BYTES,
  OPEN_BYTES_MAX,
  PENDING_BYTES_MAX,
} from "../../src/producer/producer_options.ts";

/** The limits: of what, where, how much, and what happens beyond. */
export const LIMITS: readonly (readonly [what: string, limit: string, beyond: string])[] = [
  ["Name of a topic", bytes(TOPIC_NAME_BYTES_MAX), "`InvalidTopicNameError`"],
  ["Name of a consumer", bytes(CONSUMER_NAME_BYTES_MAX), "`InvalidConsumerNameError`"],
  [
    "Partitions of a topic",
    `${number(PARTITIONS_DEFAULT_MAX)}; ${number(PARTITIONS_MAX)} with \`max_partitions\``,
    "`InvalidOptionError`",
  ],
  ["Metadata of an event in `files`", bytes(METADATA_BYTES_MAX), "`LimitExceededError`"],
  [
    "Data part of an event in `files`, in memory or as a stream",
    bytes(DATA_BYTES_MAX),
    "`LimitExceededError`",
  ],
  ["Data of one frame in `files`", bytes(FRAME_DATA_BYTES_MAX), "larger data is stored in pieces"],
  ["Events of one frame in `files`", number(FRAME_EVENTS_MAX), "a new frame is started"],
  ["A segment file", bytes(SEGMENT_BYTES_MAX), "`InvalidOptionError` for a larger `segment_bytes`"],
  [
    "A batch of a producer",
    `${bytes(BATCH_BYTES_MAX)}; of large data ${bytes(LARGE_DATA_BYTES)} count`,
    "a new batch is started; a single event may be larger",
  ],
  [
    "Batches being filled, over all partitions of a producer",
    bytes(OPEN_BYTES_MAX),
    "they are stored before they are full",
  ],
  [
    "Data waiting in memory where the engine cannot block",
    `${bytes(PENDING_BYTES_MAX)}, or \`maxPendingBytes\``,
    "`BackpressureError`",
  ],
  ["Id of an event", number(Number.MAX_SAFE_INTEGER), "never reached"],
];

function number(value: number): string {
  return value.toLocaleString("en");
}

function bytes(value: number): string {
  for (const [unit, size] of [["GiB", 2 ** 30], ["MiB", 2 ** 20], ["KiB", 2 ** 10]] as const) {
    if (value >= size && value % size === 0) return `${number(value / size)} ${unit}`;
  }
  return `${number(value)} bytes`;
}
