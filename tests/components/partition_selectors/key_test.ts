import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { KeyPartitionSelector, makePartitionSelector } from "../../../src/components/mod.ts";
import { stableHash } from "../../../src/components/partition_selectors/stable_hash.ts";
import { InvalidOptionError, NoSuchPartitionError } from "../../../src/errors.ts";
import type { JsonValue } from "../../../src/json.ts";
import { test } from "../../harness.ts";

function keySelector(pointer: string, count: number): KeyPartitionSelector {
  const selector = new KeyPartitionSelector(pointer);
  selector.setPartitions(Array.from({ length: count }, (_, partition_id) => ({ partition_id })));
  return selector;
}

test("stable hash never changes", () => {
  const known: [string, number][] = [
    ["", 2872998923],
    ['"d7"', 1317154679],
    ["null", 2827039351],
    ["12345", 1900009723],
    ['"énergie ☃ 🎉"', 500165591],
    ['{"a":1,"b":[true]}', 2221095975],
  ];
  assertEquals(known.map(([text]) => [text, stableHash(text)]), known);
});

test("key partition selector keeps the partition of every key across versions", () => {
  const selector = keySelector("/detector", 1000);
  const keys: JsonValue[] = ["d0", "d1", "é", 7, -1.5, true, null, { a: 1 }, [1, "x"]];
  assertEquals(keys.map((detector) => selector.selectPartitionFor({ detector })), [
    620,
    704,
    264,
    381,
    201,
    617,
    351,
    173,
    271,
  ]);
});

test("key partition selector treats equal keys alike however they are written", () => {
  const selector = keySelector("/k", 1_000_000);
  const partition = (text: string) => selector.selectPartitionFor(JSON.parse(text));
  assertEquals(
    partition('{"k":{"a":1,"b":{"c":2,"d":3}}}'),
    partition('{"k":{"b":{"d":3,"c":2.0},"a":1e0}}'),
  );
  assertEquals(partition('{"k":-0.0}'), partition('{"k":0}'));
  assert(partition('{"k":"1"}') !== partition('{"k":1}'));
  assert(partition('{"k":[1,2]}') !== partition('{"k":[2,1]}'));
});

test("key partition selector spreads keys evenly", () => {
  for (const count of [2, 3, 8, 10]) {
    const selector = keySelector("/id", count);
    for (const makeKey of [(n: number) => n, (n: number) => `user-${n}`, (n: number) => String(n)]) {
      const events = new Array<number>(count).fill(0);
      for (let n = 0; n < 20_000; n++) events[selector.selectPartitionFor({ id: makeKey(n) })]++;
      const share = 20_000 / count;
      for (const seen of events) assert(Math.abs(seen - share) < 5 * Math.sqrt(share), `${events}`);
    }
  }
});

test("key partition selector finds its key by any JSON pointer", () => {
  const metadata: JsonValue = { a: [{ b: "x" }], "m/n": "x", "o~p": "x", "": "x" };
  const wanted = keySelector("", 1000).selectPartitionFor("x");
  for (const pointer of ["/a/0/b", "/m~1n", "/o~0p", "/"]) {
    assertEquals(keySelector(pointer, 1000).selectPartitionFor(metadata), wanted, pointer);
  }
});

test("key partition selector distributes events without the key round-robin", () => {
  const selector = keySelector("/a/1", 3);
  const keyless: JsonValue[] = [{}, { a: [0] }, { a: { b: 1 } }, "text", null, { a: [] }, { a: null }];
  assertEquals(keyless.map((metadata) => selector.selectPartitionFor(metadata)), [0, 1, 2, 0, 1, 2, 0]);
  assertEquals(keySelector("/toString", 3).selectPartitionFor({}), 0);
});

test("key partition selector takes a requested partition modulo the count", () => {
  const selector = keySelector("/id", 3);
  assertEquals(selector.selectPartitionFor({ id: 1 }, 5), 2);
  assertThrows(() => selector.selectPartitionFor({ id: 1 }, -1), NoSuchPartitionError);
});

test("key partition selector is created from its document, and requires a JSON pointer", async () => {
  const document = { type: "key", pointer: "/user/id" };
  assertEquals((await makePartitionSelector(document)).config(), document);
  for (const pointer of ["user", "/a~2", 5, null]) {
    await assertRejects(() => makePartitionSelector({ type: "key", pointer }), InvalidOptionError);
  }
  await assertRejects(() => makePartitionSelector({ type: "key" }), InvalidOptionError);
});
