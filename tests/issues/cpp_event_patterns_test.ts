// The C++ library accepts event patterns that Amazon does not: a value without a list, `{}`, `$or` within a
// list, `anything-but` with any other operator, empty lists. Topics with them could not be created or imported.
// Now they compile; where the C++ library and Amazon disagree, we follow Amazon, and an import names the
// difference.
import { assert, assertEquals } from "@std/assert";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compileEventPattern, type JsonValue } from "../../mod.ts";
import { cppDifferences } from "../../src/components/validators/event_pattern/cpp_differences.ts";
import { importCppFiles } from "../../src/cpp_files/mod.ts";
import { withPlace } from "../cpp_files/sample.ts";
import { test } from "../harness.ts";

/** A pattern, events that match it, and events that do not; the C++ library agrees. */
const CASES: [JsonValue, JsonValue[], JsonValue[]][] = [
  [{ a: "x" }, [{ a: "x" }, { a: "x", b: 1 }], [{ a: "y" }, {}, { a: 5 }, { a: { x: "x" } }, "x", null]],
  [{ a: "" }, [{ a: "" }], [{ a: "x" }, {}]],
  [{ a: 5 }, [{ a: 5 }], [{ a: "5" }, { a: 6 }, {}]],
  [{ a: -0.5 }, [{ a: -0.5 }], [{ a: 0.5 }]],
  [{ a: null }, [{ a: null }], [{ a: 0 }, { a: false }, {}]],
  [{ a: true }, [{ a: true }], [{ a: 1 }, { a: "true" }, {}]],
  [{ a: false }, [{ a: false }], [{ a: 0 }, {}]],
  [{ a: { b: "x" } }, [{ a: { b: "x" } }], [{ a: { b: "y" } }, { a: "x" }, {}]],
  [{ "a.b": "x" }, [{ a: { b: "x" } }], [{ a: { b: "y" } }, { a: "x" }, {}]],
  [{ a: { "b.c": null } }, [{ a: { b: { c: null } } }], [{ a: { b: {} } }, { a: { b: null } }]],
  [{ a: "x", b: [1, 2] }, [{ a: "x", b: 2 }], [{ a: "x", b: 3 }, { a: "x" }]],
  [{ toString: "x" }, [{ toString: "x" }], [{}]],
  [{}, [{}, { a: 1 }, [], "text", 5, null, true], []],
  [{ a: {} }, [{ a: 1 }, { a: null }, { a: {} }, { a: [] }, { a: { b: 1 } }], [{}, { b: 1 }, 5]],
  [{ a: { b: {} } }, [{ a: { b: {} } }, { a: { b: null } }], [{ a: {} }, { a: 5 }, {}]],
  [{ "a.b": {} }, [{ a: { b: 0 } }], [{ a: {} }, { b: 0 }]],
  [{ a: {}, "a.b": "x" }, [{ a: { b: "x" } }], [{ a: {} }, { a: 1 }]],
  [{ a: [{ $or: [{ b: "x" }, { c: [{ exists: true }] }] }] }, [{ a: { b: "x" } }, { a: { c: 1 } }], [
    {},
    { a: {} },
    { a: "x" },
    { b: "x" },
    { a: { b: "y" } },
  ]],
  [{ a: [{ $or: [{ b: { c: 1 } }, { "d.e": 2 }] }] }, [{ a: { b: { c: 1 } } }, { a: { d: { e: 2 } } }], [
    { a: { b: { c: 2 } } },
    { a: null },
  ]],
  [{ a: [{ prefix: "x" }, { $or: [{ b: 1 }] }] }, [{ a: "xy" }, { a: { b: 1 } }], [{ a: "y" }, {
    a: { b: 2 },
  }]],
  [{ a: [{ $or: [{}] }] }, [{ a: {} }, { a: 5 }, { a: null }], [{}]],
  [{ a: [{ $or: [] }] }, [], [{ a: {} }, { a: 1 }, {}]],
  [{ a: [{ $or: [{ b: [{ $or: [{ c: 1 }, { c: 2 }] }] }] }] }, [{ a: { b: { c: 2 } } }], [{
    a: { b: { c: 3 } },
  }]],
  [{ a: [{ "anything-but": { $or: [{ b: 1 }] } }] }, [{ a: { b: 2 } }, { a: 5 }], [{ a: { b: 1 } }, {}]],
  [{ a: [{ "anything-but": { numeric: ["<", 5] } }] }, [{ a: 5 }, { a: "1" }, { a: null }], [{ a: 4 }, {}]],
  [{ a: [{ "anything-but": { numeric: [">", 0, "<=", 5] } }] }, [{ a: 0 }, { a: 6 }], [{ a: 5 }, { a: 1 }]],
  [{ a: [{ "anything-but": { "anything-but": ["x", "y"] } }] }, [{ a: "x" }], [{ a: "z" }, {}]],
  [{ a: [{ "anything-but": { wildcard: "x*" } }] }, [{ a: "y" }], [{ a: "xy" }]],
  [{ a: [{ "anything-but": { prefix: "" } }] }, [{ a: 5 }], [{ a: "x" }, { a: "" }]],
  [{ a: [{ "anything-but": [] }] }, [{ a: 5 }, { a: "" }, { a: null }], [{}]],
  [{ a: [{ "anything-but": null }] }, [{ a: 5 }], [{ a: null }, {}]],
  [{ a: [] }, [], [{ a: 1 }, {}, { a: null }]],
  [{ a: [{ prefix: [] }] }, [], [{ a: "x" }, { a: "" }]],
  [{ a: [{ "equals-ignore-case": [] }] }, [], [{ a: "" }]],
  [{ a: [{ numeric: [">", 10, "<", 5] }] }, [], [{ a: 7 }, { a: 11 }, { a: 4 }]],
  [{ a: [{ wildcard: "x**y" }] }, [{ a: "xy" }, { a: "x-y" }], [{ a: "x" }]],
];

for (const [pattern, matching, others] of CASES) {
  test(`an event pattern of the C++ library compiles and means the same: ${JSON.stringify(pattern)}`, () => {
    const matches = compileEventPattern(pattern);
    for (const event of matching) assert(matches(event), `expected ${JSON.stringify(event)} to match`);
    for (const event of others) assert(!matches(event), `expected ${JSON.stringify(event)} not to match`);
  });
}

test("where the C++ library answers differently from Amazon, our answer is Amazon's", () => {
  assert(compileEventPattern({ a: "x" })({ a: ["w", "x"] }));
  assert(compileEventPattern({ "a.b": "x" })({ "a.b": "x" }));
  assert(!compileEventPattern({ a: [{ exists: true }] })({ a: {} }));
  assert(compileEventPattern({ a: { b: [{ exists: false }] } })({}));
  assert(!compileEventPattern({ a: [{ "anything-but": "x" }] })({ a: {} }));
  assert(!compileEventPattern({ a: [{ wildcard: "a.c" }] })({ a: "abc" }));
  assert(compileEventPattern({ a: [{ wildcard: "a\\d" }] })({ a: "a\\d" }));
  assert(compileEventPattern({ a: [{ "equals-ignore-case": "É" }] })({ a: "é" }));
});

/** A pattern, and a word from each difference that must be reported. */
const NAMED: [JsonValue, string[]][] = [
  [{}, []],
  [{ a: {} }, ["key with dots"]],
  [{ a: "x" }, ["an array"]],
  [{ a: [{ exists: true }] }, ['"exists"']],
  [{ "a.b": [{ exists: false }] }, ['"exists" an object', "outer object", "key with dots"]],
  [{ a: [{ "anything-but": "x" }] }, ["an array", '"anything-but"']],
  [{ a: [{ wildcard: "a*" }] }, ["an array"]],
  [{ a: [{ wildcard: "a.c" }] }, ["an array", 'wildcard "a.c"']],
  [{ a: [{ "anything-but": { wildcard: ["x", "a+"] } }] }, ["an array", '"anything-but"', 'wildcard "a+"']],
  [{ a: [{ $or: [{ b: [{ suffix: { "equals-ignore-case": "É" } }] }] }] }, ["an array", '"É"']],
  [{ a: [{ "equals-ignore-case": "é" }, { "equals-ignore-case": "e" }] }, ["an array", '"é"']],
  [{ a: [{ suffix: "é" }] }, ["an array"]],
];

for (const [pattern, words] of NAMED) {
  test(`differences from C++ are listed: ${JSON.stringify(pattern)}`, () => {
    const found = cppDifferences(pattern);
    assertEquals(found.length, words.length, found.join("\n"));
    for (const word of words) {
      assert(found.some((sentence) => sentence.includes(word)), `${word} in ${found}`);
    }
  });
}

test("a topic of the C++ library with such a pattern is imported, and the import names what differs", async () => {
  await withPlace(async ({ driver, cppRoot }) => {
    const pattern = { a: "x", b: [{ wildcard: "a.c" }], c: [{ $or: [{ d: {} }] }] };
    mkdirSync(join(cppRoot, "t/partitions/00000000"), { recursive: true });
    writeFileSync(
      join(cppRoot, "t/validator.json"),
      JSON.stringify({ type: "eventbridge", schema: pattern }, undefined, 2),
    );
    const warnings: string[] = [];
    const onWarning = (text: string): void => void warnings.push(text);
    await importCppFiles({ rootPath: cppRoot, topic: "t", driver, onWarning });
    await using topic = await driver.openTopic("t");
    await using producer = topic.producer();
    await producer.push({ a: "x", b: "a.c", c: { d: 5 } });
    assertEquals(warnings.length, cppDifferences(pattern).length);
    assert(
      warnings.every((text) =>
        text.startsWith('Validator "eventbridge" of topic "t" answers as Amazon does: ')
      ),
    );
    assert(warnings.some((text) => text.includes('wildcard "a.c"')), warnings.join("\n"));
    const before = warnings.length;
    const components = { validator: { type: "default" } };
    await importCppFiles({ rootPath: cppRoot, topic: "t", driver, into: "u", components, onWarning });
    assertEquals(warnings.length, before);
  });
});
