import { assert, assertEquals, assertFalse } from "@std/assert";
import { compileEventPattern } from "../../../../src/components/mod.ts";
import type { JsonValue } from "../../../../src/json.ts";
import { test } from "../../../harness.ts";

test("an event pattern matches all fields of an object within one array element", () => {
  const employees = [{ firstName: "Anna", lastName: "Smith" }, { firstName: "Peter", lastName: "Jones" }];
  const anna = compileEventPattern({ employees: { firstName: ["Anna"], lastName: ["Smith"] } });
  const mixed = compileEventPattern({ employees: { firstName: ["Anna"], lastName: ["Jones"] } });
  assert(anna({ employees }));
  assert(anna({ employees: [[employees[1]], [employees[0]]] }), "arrays of arrays are gone through");
  assertFalse(mixed({ employees }));
  assertFalse(
    compileEventPattern({ "employees.firstName": ["Anna"], "employees.lastName": ["Jones"] })({ employees }),
  );
});

test("an event pattern treats dotted keys and nested objects alike, in itself and in events", () => {
  const patterns: JsonValue[] = [
    { detail: { "state.status": ["running"] } },
    { detail: { state: { status: ["running"] } } },
    { "detail.state.status": ["running"] },
    { "detail.state": { status: ["running"] } },
  ];
  const events: JsonValue[] = [
    { detail: { "state.status": "running" } },
    { detail: { state: { status: "running" } } },
    { "detail.state.status": "running" },
    { "detail.state": { status: "running" } },
  ];
  for (const pattern of patterns) {
    for (const event of events) {
      assert(compileEventPattern(pattern)(event), JSON.stringify({ pattern, event }));
    }
    assertFalse(compileEventPattern(pattern)({ detail: { state: { status: "stopped" } } }));
    assertFalse(compileEventPattern(pattern)({ "detail.state.status": "stopped" }));
    assertFalse(compileEventPattern(pattern)({}));
  }
});

test("an event pattern combines dotted keys and nested objects about one object", () => {
  const matches = compileEventPattern({ "a.b": [1], a: { c: [2] } });
  assert(matches({ a: { b: 1, c: 2 } }));
  assertFalse(matches({ a: { b: 1 } }));
  assertFalse(matches({ a: { c: 2 } }));
  assert(compileEventPattern({ "a.b": [{ prefix: "x" }], a: { b: [{ suffix: "y" }] } })({ a: { b: "x-y" } }));
});

test("an event pattern matches an array if any element does, and no empty one", () => {
  const operators: [JsonValue, JsonValue[], JsonValue[]][] = [
    [["a"], [["b", "a"], [["b"], ["a"]]], [[], ["b"], [{ a: "a" }]]],
    [[{ prefix: "a" }], [["b", "ab"]], [["b"]]],
    [[{ "anything-but": "a" }], [["a", "b"]], [["a"], []]],
    [[{ exists: true }], [[1], [null], [[], [1]]], [[], [[]], [{}]]],
    [[{ exists: false }], [[], [[]], [{}]], [[1], [null]]],
    [[{ numeric: ["<", 5] }], [[9, 1]], [[9], ["1"]]],
  ];
  for (const [list, matching, others] of operators) {
    const matches = compileEventPattern({ field: list });
    for (const field of matching) assert(matches({ field }), JSON.stringify({ list, field }));
    for (const field of others) assertFalse(matches({ field }), JSON.stringify({ list, field }));
  }
});

test("an event pattern lets a field be missing or have one of some values", () => {
  const matches = compileEventPattern({ state: [{ exists: false }, "running", { prefix: "init" }, 5] });
  const accepted: JsonValue[] = [{}, { state: "running" }, { state: "initializing" }, { state: 5 }];
  for (const event of accepted) assert(matches(event));
  for (const event of [{ state: "stopped" }, { state: 6 }, { state: null }]) assertFalse(matches(event));
});

test("an event pattern distinguishes values of different types", () => {
  const values: JsonValue[] = ["1", 1, true, null, "true", "null", ""];
  for (const wanted of values) {
    const matches = compileEventPattern({ v: [wanted] });
    assertEquals(values.filter((v) => matches({ v })), [wanted]);
  }
});

test("an event pattern ignores inherited properties", () => {
  for (const key of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
    const exists = compileEventPattern(JSON.parse(`{"${key}":[{"exists":true}]}`));
    assertFalse(exists({}), key);
    assert(exists(JSON.parse(`{"${key}":1}`)), key);
    assertFalse(compileEventPattern(JSON.parse(`{"${key}":{"name":[{"exists":true}]}}`))({}), key);
  }
});

test("an event pattern matches objects only", () => {
  const matches = compileEventPattern({ a: [{ exists: false }] });
  assert(matches({}));
  for (const metadata of ["text", 5, true, null, [], [{}]]) assertFalse(matches(metadata));
});

test("an event pattern treats $or as a field name if its list holds values or operators", () => {
  const matches = compileEventPattern({ $or: [{ prefix: "a" }, { numeric: [">", 5] }] });
  assert(matches({ $or: "abc" }));
  assert(matches({ $or: 6 }));
  assertFalse(matches({ a: "abc" }));
  assert(compileEventPattern({ $or: { a: [1] } })({ $or: { a: 1 } }));
});

test("an event pattern accepts lists of texts wherever the C++ library does", () => {
  assert(compileEventPattern({ a: [{ prefix: ["x", "y"] }] })({ a: "yes" }));
  assert(compileEventPattern({ a: [{ suffix: { "equals-ignore-case": ["X", "S"] } }] })({ a: "yes" }));
  assert(compileEventPattern({ a: [{ "equals-ignore-case": ["no", "YES"] }] })({ a: "yes" }));
});

test("a compiled event pattern does not change with its source object", () => {
  const pattern = { a: ["x"] };
  const matches = compileEventPattern(pattern);
  pattern.a[0] = "y";
  assert(matches({ a: "x" }));
});
