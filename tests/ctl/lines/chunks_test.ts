import { assert, assertEquals } from "@std/assert";
import { Readable } from "node:stream";
import { readChunks } from "../../../src/ctl/lines/numbered_lines.ts";
import { mostFollowed } from "../../followed_promises.ts";
import { test } from "../../harness.ts";

test("chunks that were read are not kept until the end", async () => {
  const stream = Readable.from(Array.from({ length: 100 }, (_, n) => new Uint8Array([n])));
  let bytes = 0;
  const followed = await mostFollowed(async () => {
    for await (const chunk of readChunks(stream, new AbortController().signal)) bytes += chunk.byteLength;
  });
  assertEquals(bytes, 100);
  assert(followed < 10, `${followed}`);
});

test("an abort ends a pending read, and is not an error", async () => {
  const stream = new Readable({ read() {} });
  const controller = new AbortController();
  stream.push(new Uint8Array([7]));
  const seen: number[] = [];
  for await (const chunk of readChunks(stream, controller.signal)) {
    seen.push(...chunk);
    setTimeout(() => controller.abort(), 1);
  }
  assertEquals(seen, [7]);
  assert(stream.destroyed);
});
