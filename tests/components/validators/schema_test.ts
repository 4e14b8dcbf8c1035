import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { makeValidator, SchemaValidator } from "../../../src/components/mod.ts";
import { InvalidMetadataError, InvalidOptionError } from "../../../src/errors.ts";
import type { JsonObject, JsonValue } from "../../../src/json.ts";
import { test } from "../../harness.ts";

const DRAFTS = [
  "https://json-schema.org/draft/2020-12/schema",
  "https://json-schema.org/draft/2019-09/schema",
  "http://json-schema.org/draft-07/schema#",
  "http://json-schema.org/draft-07/schema",
  "http://json-schema.org/draft-06/schema#",
  "http://json-schema.org/draft-04/schema#",
  "http://json-schema.org/schema#",
];

/** Version 0.5.2 of the C++ library wrote this as `validator.json`. */
const CPP_DOCUMENT = {
  schema: {
    $schema: "https://json-schema.org/draft/2019-09/schema",
    properties: { i: { type: "integer" } },
    required: ["i"],
    type: "object",
  },
  type: "schema",
};

/** Schema, metadata that it refuses, and the error's path, expected and found. */
const REFUSALS: [JsonValue, JsonValue, [string, string, string]][] = [
  [{ type: "object" }, 5, ["", "an object", "5"]],
  [{ type: ["string", "null"] }, 5, ["", "a string or null", "5"]],
  [{ properties: { energy: { type: "number" } } }, { energy: "x" }, ["/energy", "a number", '"x"']],
  [{ properties: { energy: { maximum: 50 } } }, { energy: 52 }, ["/energy", "a number of at most 50", "52"]],
  [{ exclusiveMaximum: 50 }, 50, ["", "a number below 50", "50"]],
  [{ minimum: 1 }, 0, ["", "a number of at least 1", "0"]],
  [{ exclusiveMinimum: 1 }, 1, ["", "a number above 1", "1"]],
  [{ multipleOf: 2 }, 3, ["", "a multiple of 2", "3"]],
  [{ required: ["i"] }, {}, ["/i", "a value", "nothing"]],
  [{ properties: { a: { required: ["b/c"] } } }, { a: {} }, ["/a/b~1c", "a value", "nothing"]],
  [{ dependentRequired: { a: ["b"] } }, { a: 1 }, ["/b", 'a value, since "a" is there', "nothing"]],
  [{ properties: { a: {} }, additionalProperties: false }, { a: 1, b: 2 }, ["/b", "no such property", "2"]],
  [{ properties: { a: {} }, unevaluatedProperties: false }, { b: 2 }, ["/b", "no such property", "2"]],
  [{ propertyNames: { maxLength: 2 } }, { abc: 1 }, ["/abc", "an allowed property name", '"abc"']],
  [{ enum: ["a", 1] }, "b", ["", 'one of ["a",1]', '"b"']],
  [{ const: { a: 1 } }, {}, ["", '{"a":1}', "{}"]],
  [{ minLength: 1 }, "", ["", "at least 1 character", '""']],
  [{ maxLength: 2 }, "abc", ["", "at most 2 characters", '"abc"']],
  [{ pattern: "^d\\d$" }, "x", ["", 'text that matches "^d\\d$"', '"x"']],
  [{ items: { type: "integer" } }, [1, 2.5], ["/1", "an integer", "2.5"]],
  [{ prefixItems: [{ type: "string" }] }, [1], ["/0", "a string", "1"]],
  [{ minItems: 2 }, [1], ["", "at least 2 elements", "[1]"]],
  [{ uniqueItems: true }, [1, 2, 1], ["", "no two equal elements (0 and 2 are)", "[1,2,1]"]],
  [{ contains: { type: "string" } }, [1], ["", 'an element that matches the schema of "contains"', "[1]"]],
  [{ minProperties: 1 }, {}, ["", "at least 1 property", "{}"]],
  [{ not: { type: "string" } }, "x", ["", 'a value that does not match the schema of "not"', '"x"']],
  [{ anyOf: [{ type: "string" }, { minimum: 5 }] }, 3, ["", "a string or a number of at least 5", "3"]],
  [
    { anyOf: [{ required: ["a"] }, { properties: { b: { type: "string" } } }] },
    { b: 1 },
    ["", 'a match for a schema of "anyOf"', '{"b":1}'],
  ],
  [
    { oneOf: [{ type: "integer" }, { minimum: 5 }] },
    6,
    ["", 'a match for exactly one schema of "oneOf", not for several', "6"],
  ],
  [{ if: { required: ["a"] }, then: { required: ["b"] } }, { a: 1 }, ["/b", "a value", "nothing"]],
  [{ $ref: "#/$defs/n", $defs: { n: { type: "number" } } }, "x", ["", "a number", '"x"']],
  [false, 1, ["", "nothing to be there", "1"]],
  [{ properties: { a: false } }, { a: 1 }, ["/a", "nothing to be there", "1"]],
];

test("schema validator reports the place, the expected value and the value found", async () => {
  for (const [schema, metadata, [path, expected, found]] of REFUSALS) {
    const validator = await makeValidator({ type: "schema", schema });
    const error = assertThrows(() => validator.validate(metadata, []), InvalidMetadataError);
    assertEquals(error.mismatch, { path, expected, found }, JSON.stringify(schema));
    const where = path === "" ? "" : `at "${path}" `;
    assertEquals(error.message, `Cannot accept metadata: ${where}expected ${expected}, found ${found}`);
  }
});

test("schema validator supports drafts 2020-12, 2019-09, 07, 06 and 04", async () => {
  for (const $schema of DRAFTS) {
    const schema = { $schema, type: "object", properties: { i: { type: "integer" } }, required: ["i"] };
    const validator = await makeValidator({ type: "schema", schema });
    await validator.validate({ i: 5 }, []);
    assertThrows(() => validator.validate({ i: 5.5 }, []), InvalidMetadataError);
    assertEquals(validator.config(), { type: "schema", schema });
  }
});

test("schema validator applies each draft's own rules", async () => {
  const tuple = { type: "array", items: [{ type: "string" }], additionalItems: false };
  const draft07 = await SchemaValidator.compile({ $schema: DRAFTS[2], ...tuple });
  draft07.validate(["x"]);
  assertThrows(() => draft07.validate(["x", "y"]), InvalidMetadataError);
  const draft2020 = await SchemaValidator.compile({
    $schema: DRAFTS[0],
    prefixItems: [{ type: "string" }],
    items: false,
  });
  draft2020.validate(["x"]);
  assertThrows(() => draft2020.validate(["x", "y"]), InvalidMetadataError);
});

test("schema validator is created from the C++ library's document", async () => {
  const validator = await makeValidator(CPP_DOCUMENT);
  await validator.validate({ i: 1 }, []);
  assertThrows(() => validator.validate({ i: "1" }, []), InvalidMetadataError);
  assertThrows(() => validator.validate({}, []), InvalidMetadataError);
  assertEquals(validator.config(), CPP_DOCUMENT);
});

test("schema validator treats format and unknown keywords as annotations, without a warning", async () => {
  const schema = { type: "string", format: "email", example: "a@b.c", "x-unit": "GeV" };
  await (await makeValidator({ type: "schema", schema })).validate("not an address", []);
});

test("schema validator refuses an invalid schema", async () => {
  const wrong: [JsonValue | undefined, string][] = [
    [undefined, 'expected a JSON Schema under "schema"'],
    ["text", 'expected an object, true or false, found "text"'],
    [null, "expected an object, true or false, found null"],
    [[], "expected an object, true or false, found []"],
    [{ type: "numbr" }, 'at "/type" expected one of ["array",'],
    [{ type: "numbr" }, 'or an array, found "numbr"'],
    [
      { properties: { x: { minimum: "5" } } },
      'JSON schema: at "/properties/x/minimum" expected a number, found "5"',
    ],
    [{ $ref: "#/missing" }, "#/missing"],
    [{ $ref: "http://example.org/elsewhere.json" }, "http://example.org/elsewhere.json"],
    [{ $schema: "http://json-schema.org/draft-03/schema#" }, 'known drafts are "2020-12"'],
    [{ $schema: "http://example.org/schema#" }, "known drafts are"],
    [{ $schema: 5 }, "known drafts are"],
    [{ pattern: "(" }, "egular expression"],
    [{ $async: true }, '"$async"'],
  ];
  for (const [schema, expected] of wrong) {
    const document: JsonObject & { type: string } = schema === undefined
      ? { type: "schema" }
      : { type: "schema", schema };
    const error = await assertRejects(() => makeValidator(document), InvalidOptionError);
    assertEquals(error.option, "schema");
    assertStringIncludes(error.message, expected);
    assert(!error.message.includes("\n"));
  }
});

test("a schema validator does not change with its source object", async () => {
  const schema = { type: "object", properties: { a: { maximum: 5 } } };
  const validator = await SchemaValidator.compile(schema);
  schema.properties.a.maximum = 50;
  assertThrows(() => validator.validate({ a: 6 }), InvalidMetadataError);
  assertEquals(validator.config().schema, { type: "object", properties: { a: { maximum: 5 } } });
});

test("schema validators may share an $id", async () => {
  const schema = { $id: "https://example.org/event", type: "object" };
  await SchemaValidator.compile(schema);
  await SchemaValidator.compile({ ...schema, type: "array" });
});
