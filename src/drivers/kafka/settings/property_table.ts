/**
 * The properties of librdkafka, so that a configuration can be shared with the C++ driver: those that are
 * supported here, those that cannot be, and those without effect because the client works differently.
 * @module
 */

/** The allowed values of a property. */
export interface PropertyKind {
  type: "text" | "flag" | "number" | "word" | "list";
  /** Bounds of a number. */
  minimum?: number;
  maximum?: number | undefined;
  /** The allowed words, case-insensitive. */
  words?: readonly string[];
  /** Why no other value is allowed. */
  reason?: string;
}

/** A supported property; `alias` is the canonical name. */
export interface HonouredProperty {
  kind: PropertyKind;
  alias?: string;
}

const text: HonouredProperty = { kind: { type: "text" } };
const flag: HonouredProperty = { kind: { type: "flag" } };
const list: HonouredProperty = { kind: { type: "list" } };

function number(minimum: number, maximum?: number): HonouredProperty {
  return { kind: { type: "number", minimum, maximum } };
}

function word(...words: string[]): HonouredProperty {
  return { kind: { type: "word", words } };
}

function only(reason: string, ...words: string[]): HonouredProperty {
  return { kind: { type: "word", words, reason } };
}

function alias(of: string, property: HonouredProperty): HonouredProperty {
  return { ...property, alias: of };
}

const milliseconds = number(0);
const mechanism = word("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER", "GSSAPI");
const compression = word("none", "gzip", "snappy", "lz4", "zstd");
const acks = only("events count as stored when all replicas in sync have them", "all", "-1");
const bytes = number(1);

/** Properties that work as documented by librdkafka. */
export const HONOURED: Readonly<Record<string, HonouredProperty>> = {
  "bootstrap.servers": list,
  "metadata.broker.list": alias("bootstrap.servers", list),
  "client.id": text,
  "client.rack": text,
  "security.protocol": word("plaintext", "ssl", "sasl_plaintext", "sasl_ssl"),
  "sasl.mechanisms": mechanism,
  "sasl.mechanism": alias("sasl.mechanisms", mechanism),
  "sasl.username": text,
  "sasl.password": text,
  "sasl.oauthbearer.method": word("default", "oidc"),
  "sasl.oauthbearer.config": text,
  "sasl.oauthbearer.client.id": text,
  "sasl.oauthbearer.client.credentials.client.id": alias("sasl.oauthbearer.client.id", text),
  "sasl.oauthbearer.client.secret": text,
  "sasl.oauthbearer.client.credentials.client.secret": alias("sasl.oauthbearer.client.secret", text),
  "sasl.oauthbearer.scope": text,
  "sasl.oauthbearer.extensions": text,
  "sasl.oauthbearer.token.endpoint.url": text,
  "enable.sasl.oauthbearer.unsecure.jwt": flag,
  "ssl.ca.location": text,
  "ssl.ca.pem": text,
  "ssl.certificate.location": text,
  "ssl.certificate.pem": text,
  "ssl.key.location": text,
  "ssl.key.pem": text,
  "ssl.key.password": text,
  "ssl.keystore.location": text,
  "ssl.keystore.password": text,
  "ssl.cipher.suites": text,
  "ssl.curves.list": text,
  "ssl.sigalgs.list": text,
  "enable.ssl.certificate.verification": flag,
  "ssl.endpoint.identification.algorithm": word("https", "none"),
  "socket.connection.setup.timeout.ms": number(1000),
  "socket.timeout.ms": number(10),
  "metadata.max.age.ms": number(1),
  "topic.metadata.refresh.interval.ms": number(-1),
  "retry.backoff.ms": number(1, 300_000),
  "retry.backoff.max.ms": number(1, 300_000),
  "acks": acks,
  "request.required.acks": alias("acks", acks),
  "enable.idempotence": only("an event that is sent again must not be stored twice", "true"),
  "compression.type": compression,
  "compression.codec": alias("compression.type", compression),
  "message.max.bytes": number(1000, 1_000_000_000),
  "batch.size": bytes,
  "message.timeout.ms": milliseconds,
  "delivery.timeout.ms": alias("message.timeout.ms", milliseconds),
  "request.timeout.ms": number(1, 900_000),
  "session.timeout.ms": number(1, 3_600_000),
  "heartbeat.interval.ms": number(1, 3_600_000),
  "max.poll.interval.ms": number(1, 86_400_000),
  "group.instance.id": text,
  "group.protocol": only(
    "consumers here form groups of the classic protocol, and none of KIP-848; leave it out, and give a group of " +
      "the new protocol another name",
    "classic",
  ),
  "partition.assignment.strategy": list,
  "fetch.wait.max.ms": number(0, 300_000),
  "fetch.min.bytes": number(1, 100_000_000),
  "fetch.max.bytes": bytes,
  "max.partition.fetch.bytes": bytes,
  "fetch.message.max.bytes": alias("max.partition.fetch.bytes", bytes),
  "queued.max.messages.kbytes": number(1, 2_097_151),
  "check.crcs": flag,
  "isolation.level": word("read_committed", "read_uncommitted"),
};

/** Properties that a program may rely on but that are not supported, and why. */
export const REFUSED: Readonly<Record<string, string>> = {
  "group.id": "the group is the consumer's name",
  "group.remote.assignor": "it belongs to groups of KIP-848, and groups here are of the classic protocol",
  "group.protocol.type": "the group is one of consumers",
  "transactional.id": "events are not stored in transactions",
  "plugin.library.paths": "there are no native plugins",
  "sasl.kerberos.service.name": "Kerberos is not supported",
  "sasl.kerberos.principal": "Kerberos is not supported",
  "sasl.kerberos.kinit.cmd": "Kerberos is not supported",
  "sasl.kerberos.keytab": "Kerberos is not supported",
  "sasl.kerberos.min.time.before.relogin": "Kerberos is not supported",
  "ssl.crl.location": "revocation lists are not read",
  "ssl.engine.location": "there are no OpenSSL engines",
  "ssl.engine.id": "there are no OpenSSL engines",
  "ssl.providers": "there are no OpenSSL providers",
  "ssl.ca.certificate.stores": "certificates come from the runtime, or from ssl.ca.location",
  "ssl_key": "in-memory keys come as text, in ssl.key.pem",
  "ssl_certificate": "in-memory certificates come as text, in ssl.certificate.pem",
  "ssl_ca": "in-memory certificates come as text, in ssl.ca.pem",
  "bootstrap.connect.mode": "there is one way to connect",
};

/** Properties without a counterpart here; they are accepted and reported as having no effect. */
export const INEFFECTIVE: readonly string[] = [
  "allow.auto.create.topics",
  "api.version.fallback.ms",
  "api.version.request",
  "api.version.request.timeout.ms",
  "auto.commit.enable",
  "auto.commit.interval.ms",
  "auto.offset.reset",
  "background_event_cb",
  "batch.num.messages",
  "broker.address.family",
  "broker.address.ttl",
  "broker.version.fallback",
  "builtin.features",
  "client.dns.lookup",
  "client.software.name",
  "client.software.version",
  "compression.level",
  "connections.max.idle.ms",
  "consume.callback.max.messages",
  "coordinator.query.interval.ms",
  "debug",
  "delivery.report.only.error",
  "dr_cb",
  "dr_msg_cb",
  "enable.auto.commit",
  "enable.auto.offset.store",
  "enable.gapless.guarantee",
  "enable.metrics.push",
  "enable.partition.eof",
  "enable.random.seed",
  "enabled_events",
  "error_cb",
  "fetch.error.backoff.ms",
  "fetch.queue.backoff.ms",
  "interceptors",
  "internal.termination.signal",
  "linger.ms",
  "log.connection.close",
  "log.queue",
  "log.thread.name",
  "log_cb",
  "log_level",
  "max.in.flight",
  "max.in.flight.requests.per.connection",
  "message.copy.max.bytes",
  "message.send.max.retries",
  "metadata.recovery.rebootstrap.trigger.ms",
  "metadata.recovery.strategy",
  "msg_order_cmp",
  "oauthbearer_token_refresh_cb",
  "offset.store.method",
  "offset.store.path",
  "offset.store.sync.interval.ms",
  "opaque",
  "open_cb",
  "partitioner",
  "partitioner_cb",
  "produce.offset.report",
  "queue.buffering.backpressure.threshold",
  "queue.buffering.max.kbytes",
  "queue.buffering.max.messages",
  "queue.buffering.max.ms",
  "queued.min.messages",
  "queuing.strategy",
  "rebalance_cb",
  "receive.message.max.bytes",
  "reconnect.backoff.jitter.ms",
  "reconnect.backoff.max.ms",
  "reconnect.backoff.ms",
  "retries",
  "socket.blocking.max.ms",
  "socket.keepalive.enable",
  "socket.max.fails",
  "socket.nagle.disable",
  "socket.receive.buffer.bytes",
  "socket.send.buffer.bytes",
  "socket_cb",
  "statistics.interval.ms",
  "stats_cb",
  "sticky.partitioning.linger.ms",
  "throttle_cb",
  "topic.blacklist",
  "topic.metadata.propagation.max.ms",
  "topic.metadata.refresh.fast.cnt",
  "topic.metadata.refresh.fast.interval.ms",
  "topic.metadata.refresh.sparse",
  "transaction.timeout.ms",
];

/** Every property of librdkafka. */
export const PROPERTIES: readonly string[] = [
  ...Object.keys(HONOURED),
  ...Object.keys(REFUSED),
  ...INEFFECTIVE,
];
