// The documents of a topic as bytes: how they are written, which are read, and which are refused.
import { assertEquals, assertThrows } from "@std/assert";
import { LimitExceededError, StorageError, UnsupportedFormatError } from "../../../mod.ts";
import {
  checkIsNotNewer,
  checkLayoutVersion,
  DOCUMENT_BYTES_MAX,
  documentBytes,
  isPartitionName,
  partitionName,
  readDocument,
} from "../../../src/drivers/files/layout.ts";
import type { JsonObject } from "../../../src/json.ts";
import type { Storage } from "../../../src/storage/port.ts";
import { test } from "../../harness.ts";

const textOf = (document: JsonObject): string => new TextDecoder().decode(documentBytes(document));

/** A storage with one file. */
function fileWith(content: string | Uint8Array): Storage {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const storage: Pick<Storage, "readWhole"> = {
    readWhole: (path, bytesMax) => path === "/here" ? bytes.subarray(0, bytesMax) : undefined,
  };
  return storage as Storage;
}

/** An object in an object, or a list in a list, and so on. */
function nested(levels: number, wrap: (value: unknown) => unknown): JsonObject {
  let value: unknown = 1;
  for (let level = 1; level < levels; level++) value = wrap(value);
  return { a: value } as JsonObject;
}

test("a document is written with its keys in order on every level, and lists as they are", () => {
  const document = { b: [{ d: null, c: 1 }, [3, 2]], a: { z: true, "": "x", y: null } };
  assertEquals(
    textOf(document),
    JSON.stringify({ a: { "": "x", y: null, z: true }, b: [{ c: 1, d: null }, [3, 2]] }, null, 2),
  );
});

test("a document of sixteen mebibytes is written and read, and a longer one neither", () => {
  assertEquals(DOCUMENT_BYTES_MAX, 16 * 1024 * 1024);
  const room = DOCUMENT_BYTES_MAX - textOf({ a: "" }).length;
  const bytes = documentBytes({ a: "x".repeat(room) });
  assertEquals(bytes.length, DOCUMENT_BYTES_MAX);
  assertEquals((readDocument(fileWith(bytes), "/here")!.a as string).length, room);
  const error = assertThrows(() => documentBytes({ a: "x".repeat(room + 1) }), LimitExceededError);
  assertEquals(error.message.includes("16777217 bytes"), true, error.message);
  const longer = new Uint8Array(DOCUMENT_BYTES_MAX + 1).fill(0x20);
  longer.set(bytes);
  const refusal = assertThrows(() => readDocument(fileWith(longer), "/here"), StorageError, '"/here"');
  assertEquals(refusal.errno, "EFBIG");
});

test("a document of five hundred levels is written and read, and a deeper one neither", () => {
  for (const wrap of [(value: unknown) => ({ a: value }), (value: unknown) => [value]]) {
    const deepest = nested(500, wrap);
    assertEquals(readDocument(fileWith(documentBytes(deepest)), "/here"), deepest);
    const tooDeep = nested(501, wrap);
    assertThrows(() => documentBytes(tooDeep), LimitExceededError, "500 levels");
    const file = fileWith(JSON.stringify(tooDeep));
    const error = assertThrows(() => readDocument(file, "/here"), StorageError, "500 levels");
    assertEquals(error.errno, "EILSEQ");
  }
});

test("what is not a document is refused, and what is not there is none", () => {
  for (const text of ["", "{", "null", "7", '"text"', "true", "[]", "[{}]"]) {
    const error = assertThrows(() => readDocument(fileWith(text), "/here"), StorageError, "a JSON object");
    assertEquals(error.errno, "EILSEQ", text);
  }
  assertEquals(readDocument(fileWith("{}"), "/here"), {});
  assertEquals(readDocument(fileWith("{}"), "/there"), undefined);
});

test("a later version of the layout is refused, and any other value is an error that names the file", () => {
  for (const version of [2, 99, 1e300]) {
    assertThrows(
      () => checkLayoutVersion("/here", { format_version: version }),
      UnsupportedFormatError,
      "/here",
    );
  }
  for (const version of [0, -1, 1.5, "1", null, [1], {}, true] as JsonObject[string][]) {
    const error = assertThrows(() => checkLayoutVersion("/here", { format_version: version }), StorageError);
    assertEquals(error.errno, "EILSEQ");
    assertEquals(
      error.message,
      `Cannot read "/here": its "format_version" is ${JSON.stringify(version)}, ` +
        `expected 1; restore the file from a backup`,
    );
    // It can be deleted.
    checkIsNotNewer("/here", { format_version: version });
  }
  checkLayoutVersion("/here", { format_version: 1 });
  checkLayoutVersion("/here", {});
});

test("the folder of a partition has eight digits", () => {
  assertEquals([partitionName(7), partitionName(10 ** 8 - 1)], ["00000007", "99999999"]);
  const names = ["00000007", "99999999", "0000007", "000000007", "0000000a", "00000007.lock", ""];
  assertEquals(names.map(isPartitionName), [true, true, false, false, false, false, false]);
});
