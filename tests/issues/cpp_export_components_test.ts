// A topic whose validator the C++ library cannot read was exported without a warning, and could not be opened
// there: an event pattern with "cidr", a schema with "format", a regular expression with a lookbehind.
// Validators that C++ interprets differently were not reported either.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ComponentDocument, JsonValue } from "../../mod.ts";
import { exportCppFiles } from "../../src/cpp_files/mod.ts";
import { isRefusedInCpp } from "../../src/components/validators/cpp_regular_expression.ts";
import { cppPatternRefusals } from "../../src/components/validators/event_pattern/cpp_refusals.ts";
import {
  cppSchemaDifferences,
  cppSchemaRefusals,
} from "../../src/components/validators/json_schema/cpp_schema.ts";
import { withPlace } from "../cpp_files/sample.ts";
import { test } from "../harness.ts";

async function exported(validator: ComponentDocument): Promise<{ warnings: string[]; document: JsonValue }> {
  const warnings: string[] = [];
  let document: JsonValue = null;
  await withPlace(async ({ driver, cppRoot }) => {
    await driver.createTopic("t", { num_partitions: 1 }, { validator });
    await using topic = await driver.openTopic("t");
    const request = { topic, rootPath: cppRoot };
    await exportCppFiles({ ...request, onWarning: (text) => warnings.push(text) });
    document = JSON.parse(readFileSync(join(cppRoot, "t/validator.json"), "utf8"));
    // The same command finds nothing to do.
    await exportCppFiles(request);
  });
  return { warnings, document };
}

for (
  const [validator, parts] of [
    [{ type: "eventbridge", schema: { ip: [{ cidr: "10.0.0.0/8" }] } }, ['operator "cidr" at "/ip/0"']],
    [
      {
        type: "schema",
        schema: { properties: { at: { type: "string", format: "date" }, b: { pattern: "(?<=x)y" } } },
      },
      ['"format" at "/properties/at"', 'regular expression "(?<=x)y" at "/properties/b"'],
    ],
  ] as [ComponentDocument, string[]][]
) {
  test(`an export names what C++ cannot read in validator "${validator.type}", and continues without it`, async () => {
    const { warnings, document } = await exported(validator);
    assertEquals(warnings, [
      `C++ cannot read validator "${validator.type}", which has ${
        parts.join("; ")
      }: the default one takes its place`,
    ]);
    assertEquals(document, { type: "default" });
  });
}

test("an export names what C++ reads differently, and keeps it", async () => {
  const pattern = { type: "eventbridge", schema: { name: [{ wildcard: "a.*" }] } };
  const found = await exported(pattern);
  assertEquals(found.document, pattern);
  assertEquals(found.warnings.length, 2);
  assertStringIncludes(
    found.warnings[1],
    'C++ does not accept the same events as validator "eventbridge" does here: wildcard "a.*"',
  );
  const schema = { type: "schema", schema: { prefixItems: [{ type: "number" }] } };
  const other = await exported(schema);
  assertEquals(other.document, schema);
  assertEquals(other.warnings, [
    'C++ reads validator "schema" by draft 07: keyword "prefixItems" is unknown there',
  ]);
});

test("a pattern stored under `pattern` is exported to where C++ expects it", async () => {
  const { warnings, document } = await exported({ type: "eventbridge", pattern: { a: [{ exists: true }] } });
  assertEquals(document, { type: "eventbridge", schema: { a: [{ exists: true }] } });
  assertEquals(warnings.length, 1);
});

test("event patterns that C++ refuses are distinguished from valid ones", () => {
  for (
    const [pattern, refusals] of [
      [{}, []],
      [{
        a: 1,
        b: [1, null],
        c: { d: [{ prefix: ["x"] }] },
        "e.f": [{ suffix: { "equals-ignore-case": "Y" } }],
      }, []],
      [{ a: [{ "anything-but": { wildcard: "*" } }, { exists: false }, { numeric: ["<", 1] }] }, []],
      [{ a: [{ $or: [{ b: 1, c: 2 }] }] }, []],
      [{ a: [1, { prefix: "x" }] }, ['values and operators in one list at "/a"']],
      [{ $or: [{ a: [1] }, { b: [2] }] }, ['"$or" between fields at "/$or"']],
      [{ a: [{ "anything-but": { cidr: "::/0" } }] }, ['operator "cidr" at "/a/0/anything-but"']],
      [{ a: [{ $or: [{ b: [{ cidr: "::/0" }] }] }] }, ['operator "cidr" at "/a/0/$or/0/b/0"']],
      [{ a: [{ wildcard: ["x", "y"] }] }, ['a list of wildcards at "/a/0/wildcard"']],
      [{ a: [{ wildcard: "(x*" }] }, [
        'wildcard "(x*" at "/a/0/wildcard", which is not a regular expression',
      ]],
    ] as [JsonValue, string[]][]
  ) assertEquals(cppPatternRefusals(pattern), refusals);
});

test("schemas that C++ refuses are distinguished from valid ones", () => {
  for (
    const [schema, refusals] of [
      [true, []],
      [{ properties: { format: { type: "string" }, n: { type: "integer", format: "int32" } } }, []],
      [
        { definitions: { a: { $id: "#here" } }, items: { $ref: "#here" }, not: { $ref: "#/definitions/a" } },
        [],
      ],
      [{ $ref: "#/definitions/a", format: "date", definitions: { a: {} } }, []],
      [{ allOf: [{ contentEncoding: "base64" }] }, ['"contentEncoding" at "/allOf/0"']],
      [{ patternProperties: { "^\\p{L}": {} } }, ['regular expression "^\\\\p{L}"']],
      [{ items: { $ref: "https://json-schema.org/draft/2020-12/schema" } }, [
        'reference "https://json-schema.org/draft/2020-12/schema" at "/items"',
      ]],
      [{ $defs: { a: { $anchor: "here" } }, items: { $ref: "#here" } }, ['reference "#here" at "/items"']],
    ] as [JsonValue, string[]][]
  ) assertEquals(cppSchemaRefusals(schema), refusals);
  assertEquals(cppSchemaDifferences({ properties: { a: { $ref: "#", minimum: 1, title: "a" } } }), [
    'keywords next to "$ref" at "/properties/a" are ignored',
  ]);
  assertEquals(cppSchemaDifferences({ minimum: 1, exclusiveMinimum: true }), [
    '"exclusiveMinimum" is a number',
  ]);
});

// As GCC's `std::regex` does.
test("regular expressions that C++ refuses are distinguished from valid ones", () => {
  const taken = [
    "]",
    "}",
    "\\d+",
    "[[:digit:]]",
    "\\_",
    "[\\w-]",
    "\\cA",
    "(?:a)",
    "\\k<n>",
    "[^]",
    "[]",
    "a{2}b",
  ];
  taken.push(".*?", "\\/", "\\x41", "\\u0041", "(?=a)(?!b)", "(a)\\1", "[😀]", "[(?<{]", "\\{", "a{2,}");
  for (const pattern of taken) assertEquals([pattern, isRefusedInCpp(pattern)], [pattern, false]);
  const refused = [
    "(?<=a)b",
    "(?<!a)b",
    "(?<n>a)",
    "\\p{L}",
    "\\u{61}",
    "a{b",
    "a{",
    "{",
    "[a-\\d]",
    "[\\d-z]",
  ];
  refused.push("a(b", "a)b", "[a", "\\", "+a", "a{,3}", "\\1", "**");
  for (const pattern of refused) assertEquals([pattern, isRefusedInCpp(pattern)], [pattern, true]);
});
