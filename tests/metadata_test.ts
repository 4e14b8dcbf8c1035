import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type ComponentDocument, Driver, InvalidMetadataError, Metadata } from "../mod.ts";
import { checkDocument, jsonTextOf } from "../src/metadata.ts";
import { test } from "./harness.ts";

test("Metadata.text() creates a JSON string from any text", () => {
  for (const text of ["hello", "", '"quoted"', "line\nbreak", "{}", "\ud83d alone"]) {
    const { document } = Metadata.text(text);
    assertEquals(JSON.parse(document), text);
    checkDocument(document);
  }
  assertThrows(() => Metadata.text(3 as never), InvalidMetadataError, "Cannot use 3 as metadata text");
});

test("Metadata.document() keeps the text as written", () => {
  for (const text of ['{"id": 12345678901234567890}', " [1 ,\n2] ", "1.50", '"\\u00e9"']) {
    assertEquals(Metadata.document(text).document, text);
  }
  assertThrows(() => Metadata.document("{bad}"), InvalidMetadataError, "position 1");
});

test("Metadata.value() writes a value as JSON", () => {
  assertEquals(Metadata.value({ a: [1, null] }).document, '{"a":[1,null]}');
  assertThrows(() => Metadata.value({ a: NaN }), InvalidMetadataError, 'NaN at "/a"');
});

test("text that is not JSON is refused, with the position", () => {
  const cases: [string, string][] = [
    ["", "position 0"],
    ["hello", "position"],
    ["{", "position 1"],
    ['{"a":}', "position 5"],
    ['{"a":1}}', "position 7"],
    ["[1,]", "position 3"],
    ["01", "position 1"],
    ["NaN", "position 0"],
    ["'a'", "position 0"],
    ["\ufeff{}", "position 0"],
    ['{"a":1', "position 6"],
  ];
  for (const [text, position] of cases) {
    const error = assertThrows(() => checkDocument(text), InvalidMetadataError, position, text);
    assertEquals(error.code, "ERR_INVALID_METADATA");
  }
});

test("text with half a surrogate pair is refused, since it could not be stored unchanged", () => {
  assertThrows(() => checkDocument('{"a":"\ud83d"}'), InvalidMetadataError, "at position 6");
  assertThrows(() => checkDocument('"x\ude80\ud83d\ude80"'), InvalidMetadataError, "at position 2");
  checkDocument('"\ud83d\ude80"');
  checkDocument('"\\ud83d"');
});

test("metadata that refuses to be looked at is an InvalidMetadataError", async () => {
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const secretive = new Proxy({}, {
    getPrototypeOf() {
      throw new Error("not today");
    },
  });
  await using driver = await Driver.open("memory", {});
  const validators: ComponentDocument[] = [{ type: "default" }, { type: "schema", schema: true }];
  for (const validator of validators) {
    await driver.createTopic(validator.type, {}, { validator });
    await using topic = await driver.openTopic(validator.type);
    const producer = topic.producer();
    for (const metadata of [revoked.proxy, [revoked.proxy], secretive, turningIntoBigInt()]) {
      await assertRejects(
        () => producer.push(metadata),
        InvalidMetadataError,
        "Cannot write metadata as JSON",
      );
    }
  }
});

/** An object that JSON can represent when it is checked, and not when it is written. */
function turningIntoBigInt(): { a: number } {
  let reads = 0;
  return {
    get a() {
      return reads++ === 0 ? 1 : 1n as unknown as number;
    },
  };
}

test("an error thrown by user code during serialization becomes an InvalidMetadataError", () => {
  const failing = {
    toJSON() {
      throw new Error("no reading yet");
    },
  };
  assertThrows(() => jsonTextOf(failing), InvalidMetadataError, "no reading yet");
  const getter = Object.defineProperty({}, "energy", {
    enumerable: true,
    get: () => {
      throw new Error("no energy");
    },
  });
  assertThrows(() => jsonTextOf(getter), InvalidMetadataError, "no energy");
  let deep: unknown = 1;
  for (let level = 0; level < 200_000; level++) deep = [deep];
  assertThrows(() => jsonTextOf(deep), InvalidMetadataError, "Cannot write metadata as JSON");
});

test("a non-enumerable toJSON() cannot turn the metadata into undefined", () => {
  const hidden = Object.defineProperty({ a: 1 }, "toJSON", { value: () => undefined });
  assertThrows(() => jsonTextOf(hidden), InvalidMetadataError, "undefined");
});
