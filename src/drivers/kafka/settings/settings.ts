import * as zlib from "node:zlib";
import { InvalidOptionError, NotSupportedError } from "../../../errors.ts";
import type { JsonValue } from "../../../json.ts";
import { invalidOption, withoutUndefined } from "../../../options.ts";
import type { ClientOptions, Compression } from "../client.ts";
import { refuseConflicts } from "./conflicts.ts";
import { Properties } from "./properties.ts";
import { type Identity, readIdentity } from "./security.ts";

/** Kafka's default limit is 1 MiB; a little less leaves room for overhead. */
const BATCH_BYTES = 900_000;
/**
 * Requests to a broker that may be on their way at once. There is at most one per partition, so their order does not
 * matter; the client's default of 5 makes many partitions wait for each other's round trips.
 */
const REQUESTS_MAX = 64;
/** Timeout of the first connection, unless `socket.connection.setup.timeout.ms` is given. */
const CONNECT_MS_MAX = 10_000;

/** The settings derived from a driver's properties. */
export interface KafkaSettings {
  /** Bootstrap addresses. */
  servers: string[];
  /** Our identity and credentials. */
  identity: Identity;
  /** The options of every client. */
  client: ClientOptions;
  /** Timeout for finding a broker, in milliseconds. */
  connectMsMax: number;
  /** Delay before a retry, initially and at most, in milliseconds. */
  backoff: { msMin: number; msMax: number };
  producer: {
    compression: Compression;
    /** Delivery timeout of an event, in milliseconds. */
    deliveryMsMax: number;
    /** Maximum size of a batch as transmitted, unless a single event is larger. */
    batchBytesMax: number;
    /** Maximum size of an event as transmitted; undefined leaves it to the topic. */
    messageBytesMax: number | undefined;
  };
  group: {
    sessionTimeout: number;
    heartbeatInterval: number;
    rebalanceTimeout: number;
    groupInstanceId?: string;
  };
  fetch: {
    waitMsMax: number;
    bytesMin: number;
    bytesMax: number;
    /** Maximum size of one partition in a fetch response; undefined leaves it to the driver. */
    partitionBytesMax: number | undefined;
    /** How many bytes may be buffered for a consumer. */
    bufferedBytesMax: number;
    readsCommittedOnly: boolean;
    /** Whether checksums of batches are verified. */
    checksChecksums: boolean;
  };
  /** Given properties that have no effect. */
  ineffective: string[];
}

/** Reads librdkafka's properties; throws `InvalidOptionError`. `region` enables AWS IAM authentication. */
export function readSettings(document: JsonValue | undefined, region?: string): KafkaSettings {
  const given = new Properties(document);
  const servers = given.list("bootstrap.servers");
  if (servers === undefined) {
    throw new InvalidOptionError(
      "bootstrap.servers",
      'Cannot leave out kafka option "bootstrap.servers": expected addresses, e.g. "localhost:9092"',
    );
  }
  checkStrategies(given.list("partition.assignment.strategy"));
  refuseConflicts(given, region !== undefined);
  const identity = readIdentity(given, region);
  const setupMs = given.number("socket.connection.setup.timeout.ms", CONNECT_MS_MAX);
  const refreshMs = given.number("topic.metadata.refresh.interval.ms", 300_000);
  const msMin = given.number("retry.backoff.ms", 100);
  const sessionTimeout = given.number("session.timeout.ms", 45_000);
  return {
    servers: servers.map(withPort),
    identity,
    client: withoutUndefined({
      clientId: given.text("client.id") ?? "diaspora-stream",
      clientRack: given.text("client.rack"),
      bootstrapBrokers: servers.map(withPort),
      connectTimeout: Math.min(setupMs, CONNECT_MS_MAX),
      requestTimeout: given.number("socket.timeout.ms", 60_000),
      timeout: given.number("request.timeout.ms", 30_000),
      metadataMaxAge: Math.min(
        refreshMs < 0 ? Infinity : refreshMs,
        given.number("metadata.max.age.ms", 900_000),
      ),
      autocreateTopics: false,
      maxInflights: REQUESTS_MAX,
      sasl: identity.sasl,
      tls: identity.tls,
    }),
    connectMsMax: setupMs,
    backoff: { msMin, msMax: Math.max(msMin, given.number("retry.backoff.max.ms", 1000)) },
    producer: {
      compression: readCompression(given),
      deliveryMsMax: given.number("message.timeout.ms", 300_000),
      batchBytesMax: given.number("batch.size", BATCH_BYTES),
      messageBytesMax: given.number("message.max.bytes", 0) || undefined,
    },
    group: withoutUndefined({
      sessionTimeout,
      heartbeatInterval: given.number("heartbeat.interval.ms", Math.min(3000, Math.ceil(sessionTimeout / 3))),
      rebalanceTimeout: Math.max(given.number("max.poll.interval.ms", 300_000), sessionTimeout),
      groupInstanceId: given.text("group.instance.id"),
    }),
    fetch: {
      waitMsMax: given.number("fetch.wait.max.ms", 500),
      bytesMin: given.number("fetch.min.bytes", 1),
      bytesMax: given.number("fetch.max.bytes", 52_428_800),
      partitionBytesMax: given.number("max.partition.fetch.bytes", 0) || undefined,
      bufferedBytesMax: given.number("queued.max.messages.kbytes", 65_536) * 1024,
      readsCommittedOnly: given.text("isolation.level") !== "read_uncommitted",
      checksChecksums: given.flag("check.crcs", true),
    },
    ineffective: given.ineffective,
  };
}

function readCompression(given: Properties): Compression {
  const compression = (given.text("compression.type") ?? "none") as Compression;
  if (compression === "zstd" && !("zstdCompressSync" in zlib)) {
    throw new NotSupportedError(
      'Cannot use "zstd" as kafka option "compression.type": this runtime lacks it; Node has it from version 22.15 ' +
        "on, and Deno and Bun have it",
    );
  }
  return compression;
}

/** Consumers of a name share partitions round-robin, one of librdkafka's default strategies. */
function checkStrategies(strategies: string[] | undefined): void {
  if (strategies !== undefined && !strategies.includes("roundrobin")) {
    throw invalidOption("kafka", "partition.assignment.strategy", strategies, 'a list with "roundrobin"');
  }
}

function withPort(address: string): string {
  const bare = address.replace(/^[a-z_]+:\/\//i, "");
  // An address with colons is in brackets.
  const [, host, digits] = /^(\[[\da-f:.]+(?:%[^\]]+)?\]|[^:[\]]+)(?::(\d{1,5}))?$/i.exec(bare) ?? [];
  const port = Number(digits ?? 9092);
  if (host === undefined || port === 0 || port > 65_535 || /[\s/@]/.test(bare)) {
    throw invalidOption(
      "kafka",
      "bootstrap.servers",
      address,
      'addresses like "localhost:9092" or "[::1]:9092"',
    );
  }
  return `${host}:${port}`;
}
