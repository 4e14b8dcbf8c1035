import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { escapeName, TopicNames, unescapeName } from "../../../../src/drivers/kafka/admin/names.ts";
import { InvalidOptionError, InvalidTopicNameError } from "../../../../src/errors.ts";
import { test } from "../../../harness.ts";

test("a topic's Kafka names are in its namespace, those of its documents with their own prefix", () => {
  const names = new TopicNames("ns", "__info_");
  assertEquals(names.kafkaName("readings"), "ns.readings");
  assertEquals(names.infoName("readings"), "ns.__info_readings");
  assertEquals(names.localName("readings"), "readings");
  assertEquals(names.localInfoName("readings"), "__info_readings");
  assertEquals(new TopicNames(undefined, "info_").kafkaName("readings"), "readings");
  assertEquals(new TopicNames(undefined, "info_").infoName("readings"), "info_readings");
});

test("only topics of the namespace are listed, without documents and Kafka's own", () => {
  const names = new TopicNames("ns", "__info_");
  assertEquals(names.topicOf("ns.readings"), "readings");
  assertEquals(names.topicOf("ns.__info_readings"), undefined);
  assertEquals(names.topicOf("readings"), undefined);
  assertEquals(names.topicOf("other.readings"), undefined);
  assertEquals(names.topicOf("__consumer_offsets"), undefined);
  const all = new TopicNames(undefined, "__info_");
  assertEquals(all.topicOf("__consumer_offsets"), undefined);
  assertEquals(all.topicOf("__info_readings"), undefined);
  assertEquals(all.topicOf("ns.__info_readings"), undefined);
  assertEquals(all.topicOf("ns.readings"), "ns.readings");
});

test("characters that Kafka does not allow in names are escaped, others are unchanged", () => {
  assertEquals(escapeName("plain.name_1-x"), "plain.name_1-x");
  assertEquals(escapeName("with space"), "with-x20-space");
  assertEquals(escapeName("Grüße"), "Gr-xc3bcc39f-e");
  assertEquals(unescapeName("Gr-xc3bcc39f-e"), "Grüße");
  assertEquals(unescapeName("not-xff-text"), "not-xff-text");
});

test("no two names collide in Kafka", () => {
  const parts = ["a", "-", "x", "20", "2d", "-x20-", "-x2d-", " ", "é", "-x", "x41-", "_", ".", "🚀"];
  let state = 12345;
  const next = (limit: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % limit;
  };
  const seen = new Map<string, string>();
  for (let round = 0; round < 20_000; round++) {
    const name = Array.from({ length: 1 + next(7) }, () => parts[next(parts.length)]).join("");
    const escaped = escapeName(name);
    assertMatch(escaped, /^[A-Za-z0-9._-]+$/);
    assertEquals(unescapeName(escaped), name, `${name} is written ${escaped}`);
    assert((seen.get(escaped) ?? name) === name, `${name} and ${seen.get(escaped)} are both ${escaped}`);
    seen.set(escaped, name);
  }
});

test("names that Kafka cannot hold are refused", () => {
  const names = new TopicNames("ns", "__info_");
  assertThrows(() => names.kafkaName("é".repeat(100)), InvalidTopicNameError, "at most 249");
  assertThrows(() => names.kafkaName("__consumer_offsets"), InvalidTopicNameError);
  assertThrows(() => names.kafkaName("__info_readings"), InvalidTopicNameError);
  assertThrows(() => new TopicNames("a b", "__info_"), InvalidOptionError, "namespace");
});
