import { assertEquals, assertFalse, assertStringIncludes, assertThrows } from "@std/assert";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import * as zlib from "node:zlib";
import {
  readChanges,
  readDriverOptions,
  readTopicOptions,
} from "../../../../src/drivers/kafka/settings/kafka_options.ts";
import { HONOURED, INEFFECTIVE, REFUSED } from "../../../../src/drivers/kafka/settings/property_table.ts";
import { readSettings } from "../../../../src/drivers/kafka/settings/settings.ts";
import { InvalidOptionError, NotSupportedError } from "../../../../src/errors.ts";
import type { JsonObject } from "../../../../src/json.ts";
import { test } from "../../../harness.ts";
import { CERTIFICATE, ENCRYPTED_KEY } from "../tls_material.ts";

const SERVERS = { "bootstrap.servers": "localhost:9092" };
const SASL = { ...SERVERS, "security.protocol": "sasl_plaintext" };
const UNSIGNED = {
  ...SASL,
  "sasl.mechanisms": "OAUTHBEARER",
  "enable.sasl.oauthbearer.unsecure.jwt": true,
};

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

test("what a property of Kafka is nested in there, by a command line, is found, too", () => {
  const { message } = assertThrows(
    () => readDriverOptions({ kafka: SERVERS, sasl: { password: "hunter2" } }),
    InvalidOptionError,
  );
  assertStringIncludes(
    message,
    '"sasl.password": it is a property of Kafka, to be given within the option "kafka"',
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

test("properties of another mechanism are reported, and secrets without their values", () => {
  const plain = { ...SASL, "sasl.mechanisms": "PLAIN", "sasl.username": "u", "sasl.password": "p" };
  assertEquals(readSettings({ ...plain, "sasl.oauthbearer.client.secret": "s" }).ineffective, [
    "sasl.oauthbearer.client.secret",
  ]);
  const token = { ...UNSIGNED, "sasl.oauthbearer.config": "principal=p", "sasl.password": "p" };
  assertEquals(readSettings(token).ineffective, ["sasl.password"]);
});

test("a setting of a topic and the option that means the same are refused together", () => {
  const options = { retention_seconds: 5, kafka: { "retention.ms": 6000 } };
  for (const read of [readTopicOptions, readChanges]) {
    assertThrows(
      () => read(options),
      InvalidOptionError,
      'Cannot use Kafka topic setting "retention.ms": topic option "retention_seconds" is given as well',
    );
  }
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

for (
  const [what, kafka, says] of [
    ["a secret of a login that is not used", { ...SERVERS, "sasl.oauthbearer.client.secret": "s" }, [
      '"sasl.oauthbearer.client.secret" with "security.protocol" "plaintext": expected "sasl_plaintext" or "sasl_ssl"',
    ]],
    ["an authority without TLS", { ...SERVERS, "ssl.ca.location": "/ca.pem" }, [
      '"ssl.ca.location" with "security.protocol" "plaintext": expected "ssl" or "sasl_ssl"',
    ]],
    ["a file and its text", { ...SERVERS, "ssl.ca.location": "/ca.pem", "ssl.ca.pem": CERTIFICATE }, [
      '"ssl.ca.location": "ssl.ca.pem" is given as well',
    ]],
    ["a password without a key", { ...SERVERS, "security.protocol": "ssl", "ssl.key.password": "p" }, [
      '"ssl.key.password": there is nothing that it opens: add "ssl.key.location"',
    ]],
    ["a password without a keystore", {
      ...SERVERS,
      "security.protocol": "ssl",
      "ssl.keystore.password": "p",
    }, [
      '"ssl.keystore.password": there is nothing that it opens: add "ssl.keystore.location"',
    ]],
    ["rare heartbeats", { ...SERVERS, "heartbeat.interval.ms": 50_000 }, [
      '"heartbeat.interval.ms": it is 50000, and "session.timeout.ms" is 45000: expected less',
    ]],
    ["a short interval", { ...SERVERS, "max.poll.interval.ms": 1000, "session.timeout.ms": 6000 }, [
      '"session.timeout.ms": it is 6000, and "max.poll.interval.ms" is 1000: expected at most',
    ]],
    ["a pause above the longest", { ...SERVERS, "retry.backoff.ms": 500, "retry.backoff.max.ms": 5 }, [
      '"retry.backoff.ms": it is 500, and "retry.backoff.max.ms" is 5',
    ]],
    ["a fetch longer than any request", { ...SERVERS, "fetch.wait.max.ms": 60_000 }, [
      '"fetch.wait.max.ms": it is 60000, and "socket.timeout.ms" is 60000: expected less',
    ]],
    ["a token of no one", UNSIGNED, ['"sasl.oauthbearer.config" must have "principal=NAME"']],
    ["a token that never ends", { ...UNSIGNED, "sasl.oauthbearer.config": "principal=p lifeSeconds=ever" }, [
      '"lifeSeconds" of kafka option "sasl.oauthbearer.config" must be a number above 0',
    ]],
    [
      "extensions without values",
      {
        ...UNSIGNED,
        "sasl.oauthbearer.config": "principal=p",
        "sasl.oauthbearer.extensions": "cluster=a,hidden",
      },
      ['"sasl.oauthbearer.extensions": expected NAME=VALUE'],
    ],
  ] as [string, JsonObject, string[]][]
) {
  test(`${what}: it is said at once, by name, and without the value of a secret`, () => {
    const message = refusal(kafka);
    for (const part of says) assertStringIncludes(message, part);
    assertFalse(message.includes("hidden"));
  });
}

test("a short session has frequent heartbeats", () => {
  assertEquals(readSettings({ ...SERVERS, "session.timeout.ms": 3000 }).group.heartbeatInterval, 1000);
});

test("tokens for Amazon MSK are the only login, over TLS", () => {
  const named = { AWS_ACCESS_KEY_ID: "i", AWS_SECRET_ACCESS_KEY: "s" };
  const before = Object.keys(named).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, named);
  try {
    const fitting = { ...SERVERS, "security.protocol": "sasl_ssl", "sasl.mechanism": "OAUTHBEARER" };
    assertEquals(readSettings(fitting, "us-east-1").client.sasl?.mechanism, "OAUTHBEARER");
    for (
      const [name, value] of [["security.protocol", "plaintext"], ["sasl.mechanisms", "PLAIN"], [
        "sasl.username",
        "u",
      ]]
    ) {
      assertThrows(
        () => readSettings({ ...SERVERS, [name]: value }, "us-east-1"),
        InvalidOptionError,
        `Cannot use kafka option "${name}": the driver option "aws_msk_iam" logs in`,
      );
    }
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
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
    'octopus option "subject_env": "subject" is given as well',
  );
  const fromEnvironment = (name: string) => ({ subject: "s", authorization_env: name });
  assertStringIncludes(
    refused({ kafka: SERVERS, namespace: "n", octopus: fromEnvironment("NO_SUCH_VARIABLE") }),
    '"NO_SUCH_VARIABLE" is not set',
  );
  assertFalse(
    refused({ kafka: SERVERS, namespace: "n", octopus: fromEnvironment("the secret itself") }).includes(
      "itself",
    ),
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
