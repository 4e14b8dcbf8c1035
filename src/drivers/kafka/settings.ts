import * as zlib from "node:zlib";
import { InvalidOptionError, NotSupportedError } from "../../errors.ts";
import type { JsonValue } from "../../json.ts";
import { invalidOption, withoutUndefined } from "../../options.ts";
import type { ClientOptions, Compression } from "./client.ts";
import { Properties } from "./properties.ts";
import { type Identity, readIdentity } from "./security.ts";

/** Kafka's brokers take a batch of 1 MiB by default; a little less leaves room for its frame. */
const BATCH_BYTES_MAX = 900_000;
/** How long the first connection may take, unless `socket.connection.setup.timeout.ms` says otherwise. */
const CONNECT_MS_MAX = 10_000;

/** What the properties of a driver come to. */
export interface KafkaSettings {
  /** Addresses to begin with. */
  servers: string[];
  /** Who we are to the brokers, and how that is proved. */
  identity: Identity;
  /** What every client is made with. */
  client: ClientOptions;
  /** How long to look for a broker before giving up, in milliseconds. */
  connectMsMax: number;
  /** Wait before something is tried again: the first time, and at most; in milliseconds. */
  backoff: { msMin: number; msMax: number };
  producer: {
    compression: Compression;
    /** How long an event may be on its way, in milliseconds. */
    deliveryMsMax: number;
    /** Size of a batch on the wire, save where a single event is larger. */
    batchBytesMax: number;
    /** Size of an event on the wire; undefined leaves it to the topic. */
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
    /** What an answer may bring of one partition; undefined leaves it to us. */
    partitionBytesMax: number | undefined;
    /** What may lie in memory for a consumer. */
    bufferedBytesMax: number;
    readsCommittedOnly: boolean;
    /** Whether batches are held against their checksums. */
    checksChecksums: boolean;
  };
  /** Properties that were given and change nothing. */
  ineffective: string[];
}

/** Reads librdkafka's properties; throws `InvalidOptionError`. `region` asks for tokens of Amazon's IAM. */
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
      sasl: identity.sasl,
      tls: identity.tls,
    }),
    connectMsMax: setupMs,
    backoff: { msMin, msMax: Math.max(msMin, given.number("retry.backoff.max.ms", 1000)) },
    producer: {
      compression: readCompression(given),
      deliveryMsMax: given.number("message.timeout.ms", 300_000),
      batchBytesMax: Math.min(given.number("batch.size", BATCH_BYTES_MAX), BATCH_BYTES_MAX),
      messageBytesMax: given.number("message.max.bytes", 0) || undefined,
    },
    group: withoutUndefined({
      sessionTimeout,
      heartbeatInterval: Math.min(given.number("heartbeat.interval.ms", 3000), sessionTimeout),
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

/** Consumers of a name share partitions by turns, which is one of the ways that librdkafka offers by default. */
function checkStrategies(strategies: string[] | undefined): void {
  if (strategies !== undefined && !strategies.includes("roundrobin")) {
    throw invalidOption("kafka", "partition.assignment.strategy", strategies, 'a list with "roundrobin"');
  }
}

function withPort(address: string): string {
  const bare = address.replace(/^[a-z_]+:\/\//i, "");
  const [, host, digits] = /^(.+?)(?::(\d{1,5}))?$/.exec(bare) ?? [];
  const port = Number(digits ?? 9092);
  if (host === undefined || port === 0 || port > 65_535 || /[\s/@]/.test(bare)) {
    throw invalidOption("kafka", "bootstrap.servers", address, 'addresses like "localhost:9092"');
  }
  return `${host}:${port}`;
}
