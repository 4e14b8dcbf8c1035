import { assertEquals, assertFalse, assertStringIncludes, assertThrows } from "@std/assert";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as zlib from "node:zlib";
import { readChanges, readDriverOptions, readTopicOptions } from "../../../src/drivers/kafka/options.ts";
import { HONOURED, INEFFECTIVE, REFUSED } from "../../../src/drivers/kafka/property_table.ts";
import { readSettings } from "../../../src/drivers/kafka/settings.ts";
import { InvalidOptionError, NotSupportedError } from "../../../src/errors.ts";
import type { JsonObject } from "../../../src/json.ts";
import { test } from "../../harness.ts";
import { CERTIFICATE, ENCRYPTED_KEY } from "./tls_material.ts";

const SERVERS = { "bootstrap.servers": "localhost:9092" };

function refusal(kafka: JsonObject): string {
  return assertThrows(() => readSettings(kafka), InvalidOptionError).message;
}

test("servers may be text or a list, with or without a port", () => {
  assertEquals(readSettings({ "bootstrap.servers": "a:1, b" }).servers, ["a:1", "b:9092"]);
  assertEquals(readSettings({ "bootstrap.servers": ["a:1", "[::1]:2"] }).servers, ["a:1", "[::1]:2"]);
  assertEquals(readSettings({ "metadata.broker.list": "PLAINTEXT://a:1" }).servers, ["a:1"]);
  assertStringIncludes(refusal({}), 'Cannot leave out kafka option "bootstrap.servers"');
  assertStringIncludes(refusal({ "bootstrap.servers": "a:99999" }), "bootstrap.servers");
  assertStringIncludes(refusal({ "bootstrap.servers": [] }), "bootstrap.servers");
});

test("a property of Kafka among the driver's options is refused with the place where it belongs", () => {
  const { message } = assertThrows(() => readDriverOptions(SERVERS), InvalidOptionError);
  assertEquals(
    message,
    'Cannot use octopus driver option "bootstrap.servers": it is a property of Kafka, to be given within the ' +
      'option "kafka"',
  );
});

test("names with dots may be nested objects, as a command line creates them", () => {
  const kafka = {
    bootstrap: { servers: "a:1" },
    retry: { backoff: { ms: 5, max: { ms: 50 } } },
    acks: "all",
  };
  const { servers, backoff } = readSettings(kafka);
  assertEquals([servers, backoff], [["a:1"], { msMin: 5, msMax: 50 }]);
  assertStringIncludes(refusal({ bootstrap: { server: "a:1" } }), 'did you mean "bootstrap.servers"?');
});

test("defaults are librdkafka's", () => {
  const settings = readSettings(SERVERS);
  assertEquals(settings.group.sessionTimeout, 45_000);
  assertEquals(settings.group.heartbeatInterval, 3000);
  assertEquals(settings.group.rebalanceTimeout, 300_000);
  assertEquals(settings.fetch.waitMsMax, 500);
  assertEquals(settings.fetch.bufferedBytesMax, 65_536 * 1024);
  assertEquals(settings.producer.deliveryMsMax, 300_000);
  assertEquals(settings.client.metadataMaxAge, 300_000);
});

test("values may be text, as in librdkafka", () => {
  const settings = readSettings({
    ...SERVERS,
    "session.timeout.ms": "6000",
    "compression.codec": "LZ4",
    "acks": -1,
    "enable.idempotence": "true",
  });
  assertEquals([settings.group.sessionTimeout, settings.producer.compression], [6000, "lz4"]);
});

test("zstd is refused on runtimes without it, before anything is sent", () => {
  const kafka = { ...SERVERS, "compression.type": "zstd" };
  if ("zstdCompressSync" in zlib) assertEquals(readSettings(kafka).producer.compression, "zstd");
  else assertThrows(() => readSettings(kafka), NotSupportedError, "Node has it from version 22.15 on");
});

test("an unknown property is refused, and the nearest known one is named", () => {
  assertEquals(
    refusal({ ...SERVERS, "sesion.timeout.ms": 6000 }),
    'Cannot use kafka option "sesion.timeout.ms": it is unknown; did you mean "session.timeout.ms"?',
  );
  assertStringIncludes(refusal({ "bootstrap.server": "a:1" }), 'did you mean "bootstrap.servers"?');
});

test("an invalid value is refused, with what is expected", () => {
  assertStringIncludes(
    refusal({ ...SERVERS, "session.timeout.ms": "soon" }),
    "a whole number from 1 to 3600000",
  );
  assertStringIncludes(
    refusal({ ...SERVERS, "acks": 1 }),
    'expected "all" or "-1", since events count as stored',
  );
  assertStringIncludes(
    refusal({ ...SERVERS, "group.protocol": "consumer" }),
    'expected "classic", since consumers here form groups of the classic protocol, and none of KIP-848; leave it out',
  );
  assertEquals(readSettings({ ...SERVERS, "group.protocol": "classic" }).ineffective, []);
  assertStringIncludes(refusal({ ...SERVERS, "check.crcs": "maybe" }), "true or false");
  assertStringIncludes(refusal({ ...SERVERS, "compression.type": "rar" }), '"zstd"');
  assertStringIncludes(refusal({ ...SERVERS, "ssl.ca.location": 5 }), "expected text");
  assertStringIncludes(refusal({ ...SERVERS, "partition.assignment.strategy": "range" }), "roundrobin");
  assertStringIncludes(
    refusal({ ...SERVERS, "compression.type": "gzip", "compression.codec": "lz4" }),
    "given as well",
  );
});

test("properties that cannot be honoured are refused with the reason", () => {
  assertStringIncludes(refusal({ ...SERVERS, "group.id": "g" }), "the group is the consumer's name");
  assertStringIncludes(refusal({ ...SERVERS, "transactional.id": "t" }), "not stored in transactions");
});

test("properties without effect here are accepted, and reported", () => {
  assertEquals(readSettings({ ...SERVERS, "statistics.interval.ms": 5, "debug": "all" }).ineffective, [
    "statistics.interval.ms",
    "debug",
  ]);
});

test("no property is in two tables", () => {
  for (const name of INEFFECTIVE) assertFalse(name in HONOURED || name in REFUSED, name);
  for (const name of Object.keys(REFUSED)) assertFalse(name in HONOURED, name);
  for (const { alias } of Object.values(HONOURED)) {
    assertEquals(alias === undefined || alias in HONOURED, true);
  }
});

test("a login requires a protocol, a mechanism, a name and a password", () => {
  const sasl = { ...SERVERS, "security.protocol": "SASL_PLAINTEXT" };
  assertEquals(
    readSettings({ ...sasl, "sasl.mechanism": "SCRAM-SHA-256", "sasl.username": "u", "sasl.password": "p" })
      .client.sasl,
    { mechanism: "SCRAM-SHA-256", username: "u", password: "p" },
  );
  assertStringIncludes(
    refusal({ ...SERVERS, "sasl.username": "u" }),
    'expected "sasl_plaintext" or "sasl_ssl"',
  );
  assertStringIncludes(
    refusal({ ...sasl, "sasl.mechanisms": "PLAIN", "sasl.username": "u" }),
    "sasl.password",
  );
  assertStringIncludes(refusal(sasl), "sasl.mechanisms");
  assertStringIncludes(refusal({ ...sasl, "sasl.mechanisms": "GSSAPI" }), "GSSAPI");
  assertStringIncludes(refusal({ ...sasl, "sasl.mechanisms": "OAUTHBEARER" }), "aws_msk_iam");
});

test("certificates come from files or as text", () => {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-kafka-settings-"));
  try {
    writeFileSync(join(folder, "ca.pem"), CERTIFICATE);
    const { tls } = readSettings({
      ...SERVERS,
      "security.protocol": "ssl",
      "ssl.ca.location": join(folder, "ca.pem"),
      "ssl.certificate.pem": CERTIFICATE,
      "ssl.key.pem": ENCRYPTED_KEY,
      "ssl.key.password": "hunter2",
      "enable.ssl.certificate.verification": false,
      "ssl.endpoint.identification.algorithm": "none",
    }).client;
    assertEquals(String(tls?.ca), CERTIFICATE);
    assertEquals([tls?.cert, tls?.key, tls?.passphrase, tls?.rejectUnauthorized], [
      CERTIFICATE,
      ENCRYPTED_KEY,
      "hunter2",
      false,
    ]);
    assertEquals(tls?.checkServerIdentity?.("a", {} as never), undefined);
  } finally {
    rmSync(folder, { recursive: true });
  }
  const missing = refusal({ ...SERVERS, "security.protocol": "ssl", "ssl.ca.location": "/nowhere/ca.pem" });
  assertStringIncludes(missing, 'Cannot read kafka option "ssl.ca.location"');
  assertEquals(readSettings(SERVERS).client.tls, undefined);
});

test("the driver's own options are checked", () => {
  const refused = (document: JsonObject): string =>
    assertThrows(() => readDriverOptions(document), InvalidOptionError).message;
  assertStringIncludes(refused({}), 'Cannot leave out octopus driver option "kafka"');
  assertStringIncludes(refused({ kafka: "localhost" }), "bootstrap.servers");
  assertStringIncludes(refused({ kafka: SERVERS, namspace: "n" }), 'did you mean "namespace"?');
  assertStringIncludes(refused({ kafka: SERVERS, aws_msk_iam: {} }), '"region"');
  assertStringIncludes(refused({ kafka: SERVERS, info_topic_prefix: "a b" }), "info_topic_prefix");
  assertEquals(readDriverOptions({ kafka: SERVERS }).infoTopicPrefix, "__info_");
  const octopus = { url: "http://localhost:1", subject: "s", authorization: "a" };
  assertStringIncludes(refused({ kafka: SERVERS, octopus }), '"namespace"');
  assertEquals(readDriverOptions({ kafka: SERVERS, octopus, namespace: "n" }).infoTopicPrefix, "info_");
  assertStringIncludes(refused({ kafka: SERVERS, namespace: "n", octopus: { url: "ftp://x" } }), '"url"');
  assertStringIncludes(
    refused({ kafka: SERVERS, namespace: "n", octopus: { ...octopus, subject_env: "NO_SUCH_VARIABLE" } }),
    '"NO_SUCH_VARIABLE" is not set',
  );
});

test("compaction is refused for topics, since brokers would refuse every event; other policies are Kafka's to judge", () => {
  const documents: JsonObject[] = [{ "cleanup.policy": "compact" }, {
    cleanup: { policy: "delete, compact" },
  }];
  for (const kafka of documents) {
    for (const read of [readTopicOptions, readChanges]) {
      const { message } = assertThrows(() => read({ kafka }), InvalidOptionError);
      assertStringIncludes(message, 'as Kafka topic setting "cleanup.policy"');
      assertStringIncludes(message, 'use "delete"');
    }
  }
  const { configs } = readTopicOptions({ kafka: { "cleanup.policy": "delete" } });
  assertEquals(configs, [{ name: "cleanup.policy", value: "delete" }]);
});
