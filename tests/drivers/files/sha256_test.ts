import { assertStrictEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { sha256 } from "../../../src/drivers/files/sha256.ts";
import { test } from "../../harness.ts";

test("the SHA-256 of a text of any length is the one that the runtime computes", () => {
  // Blocks have 64 bytes, of which padding takes at least 9.
  for (let length = 0; length <= 200; length++) {
    const text = Array.from({ length }, (_, at) => String.fromCharCode(32 + (at * at + length) % 95)).join(
      "",
    );
    assertStrictEquals(sha256(text), createHash("sha256").update(text).digest("hex"), `${length} characters`);
  }
});

test("the SHA-256 of a text is that of its UTF-8", () => {
  const text = "größe/日本語/🚀";
  assertStrictEquals(sha256(text), createHash("sha256").update(text).digest("hex"));
});
