// Tried at the edges of what Kafka allows: with more than ten partitions that waited for their leaders, Node printed that
// memory may be leaking; an IPv6 address without brackets was taken apart at its last colon, so that "no broker answers";
// and a property with an empty object for its value was passed over in silence.
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import process from "node:process";
import { setImmediate } from "node:timers/promises";
import { InvalidOptionError } from "../../mod.ts";
import { Cluster } from "../../src/drivers/kafka/client/cluster.ts";
import { readTopicOptions } from "../../src/drivers/kafka/settings/kafka_options.ts";
import { readSettings } from "../../src/drivers/kafka/settings/settings.ts";
import type { JsonObject } from "../../src/json.ts";
import { FakeBroker } from "../drivers/kafka/fake_broker.ts";
import { test } from "../harness.ts";

test("hundreds of partitions may wait at the same time without a warning", async () => {
  await using broker = await FakeBroker.start(1);
  const cluster = await Cluster.connect(readSettings({ "bootstrap.servers": broker.address }));
  const warnings: string[] = [];
  const note = ({ name }: Error) => void warnings.push(name);
  process.on("warning", note);
  try {
    await Promise.all(Array.from({ length: 300 }, () => cluster.pause(1)));
    // Warnings are emitted in a turn of their own.
    await setImmediate();
  } finally {
    process.off("warning", note);
    await cluster.close();
  }
  assertEquals(warnings.filter((name) => name === "MaxListenersExceededWarning"), []);
});

for (const address of ["::1", "fe80::1:9092", "[::1", "::1]:9092", "a:b:9092", "[localhost]:9092", ":9092"]) {
  test(`the address ${address} is refused with one that is possible`, () => {
    const { code, message } = assertThrows(
      () => readSettings({ "bootstrap.servers": address }),
      InvalidOptionError,
    );
    assertEquals(code, "ERR_INVALID_OPTION");
    assertStringIncludes(message, `"${address}"`);
    assertStringIncludes(message, '"[::1]:9092"');
  });
}

test("addresses with colons are in brackets, with or without a port and a zone", () => {
  const servers = ["[::1]", "[fe80::1%eth0]:1", "SASL_SSL://[2001:DB8::7]:9093", "broker-1.example:9094"];
  assertEquals(readSettings({ "bootstrap.servers": servers }).servers, [
    "[::1]:9092",
    "[fe80::1%eth0]:1",
    "[2001:DB8::7]:9093",
    "broker-1.example:9094",
  ]);
});

test("an empty object is not a value of a property or of a topic's setting", () => {
  const refused = (read: () => unknown): string => assertThrows(read, InvalidOptionError).message;
  const kafka: JsonObject = { "bootstrap.servers": "a", "session.timeout.ms": {} };
  assertEquals(
    refused(() => readSettings(kafka)),
    'Cannot use {} as kafka option "session.timeout.ms": expected a whole number from 1 to 3600000',
  );
  assertStringIncludes(
    refused(() => readSettings({ "bootstrap.servers": "a", session: { timeout: {} } })),
    "session.timeout",
  );
  assertStringIncludes(
    refused(() => readTopicOptions({ kafka: { "max.message.bytes": {} } })),
    "max.message.bytes",
  );
});
