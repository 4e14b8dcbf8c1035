import { assert, assertEquals, assertFalse } from "@std/assert";
import { describeFault, isJson, isPlainJson } from "../../src/metadata/representable.ts";
import { test } from "../harness.ts";

const date = new Date(0);

test("plain JSON values are recognized as such", () => {
  for (
    const value of [
      null,
      true,
      "",
      "text",
      0,
      -0,
      1e308,
      [],
      {},
      [[[]]],
      { a: { b: [1, "x", null, false] } },
      [1, [2]],
    ]
  ) {
    assert(isPlainJson(value), JSON.stringify(value));
    assert(isJson(value));
  }
});

test("values that JSON.stringify writes without loss are JSON, if not plain", () => {
  class Point {
    constructor(readonly x: number) {}
  }
  const bare = Object.assign(Object.create(null), { a: 1 });
  let deep: unknown = 1;
  for (let level = 0; level < 500; level++) deep = { deep };
  const twice = { a: 1 };
  for (
    const value of [date, { date }, new Point(3), bare, deep, [twice, twice], new String("x"), {
      n: Object(3),
    }]
  ) {
    assert(isJson(value), JSON.stringify(value).slice(0, 50));
  }
  assert(isJson({ toJSON: () => [1] }));
});

const BYTES_REMEDY = "; push bytes as the data part: push(metadata, bytes)";

test("values that JSON would lose or cannot hold are reported with their place", () => {
  const cycle: Record<string, unknown> = { list: [] };
  (cycle.list as unknown[]).push({ back: cycle });
  let deepCycle: Record<string, unknown> = {};
  const bottom = deepCycle;
  for (let level = 0; level < 300; level++) deepCycle = { deepCycle };
  bottom.top = deepCycle;
  const cases: [unknown, string][] = [
    [undefined, "undefined"],
    [() => 1, "a function"],
    [Symbol("s"), "a symbol"],
    [1n, "a BigInt"],
    [NaN, "NaN"],
    [-Infinity, "-Infinity"],
    [{ a: undefined }, 'undefined at "/a"'],
    [{ a: [1, undefined] }, 'undefined at "/a/1"'],
    [{ "x/y~z": { f() {} } }, 'a function at "/x~1y~0z/f"'],
    [{ list: [{ n: NaN }] }, 'NaN at "/list/0/n"'],
    [new Array(2), 'undefined at "/0"'],
    [new Map([[1, 2]]), "a Map"],
    [{ set: new Set() }, 'a Set at "/set"'],
    [{ bytes: new Uint8Array(3) }, `a Uint8Array at "/bytes"${BYTES_REMEDY}`],
    [new Float32Array(3), `a Float32Array${BYTES_REMEDY}`],
    [{ view: new DataView(new ArrayBuffer(1)) }, `a DataView at "/view"${BYTES_REMEDY}`],
    [{ buffer: new ArrayBuffer(1) }, `an ArrayBuffer at "/buffer"${BYTES_REMEDY}`],
    [{ later: Promise.resolve(1) }, 'a Promise at "/later"'],
    [{ pattern: /x/ }, 'a RegExp at "/pattern"'],
    [{ error: new Error("e") }, 'an Error at "/error"'],
    [{ when: new Date(NaN) }, 'an invalid Date at "/when"'],
    [{ toJSON: () => undefined }, "undefined"],
    [{ n: Object(NaN) }, 'NaN at "/n"'],
    [cycle, 'a cycle at "/list/0/back"'],
  ];
  for (const [value, what] of cases) {
    assertFalse(isJson(value), what);
    assertEquals(describeFault(value), `Cannot write metadata as JSON: ${what}`);
  }
  assertFalse(isJson(deepCycle));
  assert(describeFault(deepCycle).startsWith('Cannot write metadata as JSON: a cycle at "/deepCycle'));
});
