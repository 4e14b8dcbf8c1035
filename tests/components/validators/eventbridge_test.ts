import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { type ComponentDocument, EventBridgeValidator, makeValidator } from "../../../src/components/mod.ts";
import { InvalidMetadataError, InvalidOptionError, type MetadataMismatch } from "../../../src/errors.ts";
import type { JsonValue } from "../../../src/json.ts";
import { test } from "../../harness.ts";

function refusal(pattern: JsonValue, metadata: JsonValue): MetadataMismatch | undefined {
  const validator = new EventBridgeValidator(pattern);
  const error = assertThrows(() => validator.validate(metadata), InvalidMetadataError);
  assertInstanceOf(error, InvalidMetadataError);
  return error.mismatch;
}

test("eventbridge validator accepts matching metadata and names the field that does not match", () => {
  const pattern = { source: ["aws.ec2"], detail: { state: [{ prefix: "run" }, "stopped"] } };
  new EventBridgeValidator(pattern).validate({ source: "aws.ec2", detail: { state: "running" } });
  assertEquals(refusal(pattern, { source: "aws.ec2", detail: { state: "idle" } }), {
    path: "/detail/state",
    expected: 'a match for [{"prefix":"run"},"stopped"]',
    found: '"idle"',
  });
  assertEquals(refusal(pattern, { detail: { state: "running" } })?.found, "nothing");
  assertEquals(refusal(pattern, 5), { path: "", expected: "an object", found: "5" });
  assertEquals(refusal(pattern, { source: "aws.ec2", detail: [{ state: "idle" }] })?.path, "/detail");
  assertEquals(refusal(pattern, { source: "aws.ec2", "detail.state": "idle" })?.path, "");
  assertEquals(refusal({ $or: [{ a: [1] }, { b: [1] }] }, { a: 2 })?.path, "");
  const error = assertThrows(() => new EventBridgeValidator(pattern).validate({ source: "x" }));
  assertStringIncludes((error as Error).message, 'at "/source" expected a match for ["aws.ec2"], found "x"');
});

test("eventbridge validator is created from the C++ library's document, and from one with a pattern", async () => {
  const pattern = { energy: [{ numeric: ["<", 50] }] };
  const documents: ComponentDocument[] = [
    { type: "eventbridge", schema: pattern },
    { type: "eventbridge", pattern },
  ];
  for (const document of documents) {
    const validator = await makeValidator(document);
    await validator.validate({ energy: 42 }, []);
    assertThrows(() => validator.validate({ energy: 52 }, []), InvalidMetadataError);
    assertEquals(validator.config(), { type: "eventbridge", schema: pattern });
  }
});

test("eventbridge validator refuses no pattern, two patterns, and an invalid one", async () => {
  const documents: ComponentDocument[] = [
    { type: "eventbridge" },
    { type: "eventbridge", schema: { a: [1] }, pattern: { a: [1] } },
    { type: "eventbridge", schema: { a: [[1]] } },
  ];
  for (const document of documents) {
    const error = await assertRejects(() => makeValidator(document), InvalidOptionError);
    assertEquals((error as InvalidOptionError).option, "pattern");
  }
});
