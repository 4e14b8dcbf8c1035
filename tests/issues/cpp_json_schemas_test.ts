// JSON Schemas that the C++ library accepts were refused: a tuple in `items` without `$schema`, draft-04, the
// URL without a draft, POSIX classes in patterns. `multipleOf: 0.01` refused 19.99, because the doubles nearest
// to both are not multiples. And a serializer accepted an invalid schema.
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  Driver,
  InvalidMetadataError,
  InvalidOptionError,
  type JsonObject,
  type JsonValue,
  makeSerializer,
  makeValidator,
  SchemaSerializer,
  SchemaValidator,
} from "../../mod.ts";
import { test } from "../harness.ts";

const DRAFT_04 = "http://json-schema.org/draft-04/schema#";
const TUPLE: JsonObject = { items: [{ type: "string" }, { type: "integer" }], additionalItems: false };

/** A schema, metadata that it accepts, and metadata that it refuses. */
const CASES: [JsonValue, JsonValue[], JsonValue[]][] = [
  [TUPLE, [["x", 5], ["x"], []], [["x", "y"], [5], ["x", 5, 6]]],
  [{ properties: { a: { anyOf: [TUPLE] } } }, [{ a: ["x", 5] }, {}], [{ a: ["x", 5, 6] }]],
  [{ definitions: { pair: TUPLE }, $ref: "#/definitions/pair" }, [["x", 5]], [["x", 5, 6]]],
  [{ prefixItems: [{ type: "string" }], items: false }, [["x"]], [["x", 5], [5]]],
  [{ $schema: "http://json-schema.org/schema#", ...TUPLE }, [["x", 5]], [["x", 5, 6]]],
  [{ $schema: "http://json-schema.org/schema", type: "object" }, [{}], [5]],
  [{ $schema: "https://json-schema.org/schema#", type: "object" }, [{}], [5]],
  [{ $schema: DRAFT_04, minimum: 1, exclusiveMinimum: true }, [1.5, 2], [1, 0]],
  [{ $schema: DRAFT_04, minimum: 1, exclusiveMinimum: false }, [1, 2], [0]],
  [{ $schema: DRAFT_04, maximum: 9, exclusiveMaximum: true }, [8], [9, 10]],
  [{ $schema: DRAFT_04, ...TUPLE }, [["x", 5]], [["x", 5, 6]]],
  [
    {
      $schema: DRAFT_04,
      id: "http://example.org/a",
      definitions: { n: { minimum: 0, exclusiveMinimum: true } },
    },
    [1, -1],
    [],
  ],
  [
    {
      $schema: DRAFT_04,
      id: "http://example.org/b",
      definitions: { n: { id: "#n", minimum: 0, exclusiveMinimum: true } },
      properties: { id: { $ref: "#n" }, minimum: { enum: [{ exclusiveMinimum: true, minimum: 3 }] } },
      required: ["id"],
    },
    [{ id: 1 }, { id: 1, minimum: { exclusiveMinimum: true, minimum: 3 } }],
    [{ id: 0 }, { minimum: 1 }, { id: 1, minimum: { exclusiveMinimum: 3 } }],
  ],
  [{ $schema: DRAFT_04, dependencies: { a: ["b"], c: { required: ["d"] } } }, [{ a: 1, b: 1 }], [{ a: 1 }, {
    c: 1,
  }]],
  [{ pattern: "^[[:digit:]]+$" }, ["123"], ["12a", "", ":"]],
  [{ pattern: "^[[:alpha:]_][[:alnum:]_]*$" }, ["_a1", "b"], ["1a", ""]],
  [{ pattern: "^[^[:space:][:punct:]]+$" }, ["ab1"], ["a b", "a-b", "a]", "a\tb"]],
  [{ pattern: "^[[:upper:]][[:lower:]][[:xdigit:]]$" }, ["AbF", "Ab0"], ["abF", "AbG"]],
  [{ pattern: "^[:digit:]$" }, ["d", ":"], ["5"]],
  [{ pattern: "^\\[[[:digit:]]\\]$" }, ["[5]"], ["5", "[a]"]],
  [{ pattern: "^a\\_b$" }, ["a_b"], ["a\\_b"]],
  [{ pattern: "^\\p{Lu}$" }, ["É"], ["é"]],
  [{ patternProperties: { "^[[:digit:]]$": { type: "string" } } }, [{ 1: "x", a: 5 }], [{ 1: 5 }]],
  [{ multipleOf: 0.01 }, [19.99, 4.35, 1.1, 0.07, 1e3, 0, -19.99, 1.15, 123456789.01, 1e22], [
    19.995,
    0.001,
    1e-7,
  ]],
  [{ multipleOf: 0.1 }, [0.3, 0.7, 1.1, 1e15], [0.35, 0.30001]],
  [{ multipleOf: 0.0001 }, [0.0075], [0.00751]],
  [{ multipleOf: 1e-7 }, [3e-7, 12.3], [3.5e-7]],
  [{ multipleOf: 0.25 }, [0.75, -1, 1e300], [0.8]],
  [{ multipleOf: 3 }, [9, -3, 0], [10, 9.5]],
  [{ multipleOf: 1.5 }, [3, 4.5], [4, 5e-324]],
  [{ multipleOf: 5e-324 }, [5e-324, 1], []],
  [{ $schema: DRAFT_04, multipleOf: 0.01 }, [19.99], [19.995]],
];

for (const [schema, fitting, others] of CASES) {
  test(`a JSON Schema of the C++ library compiles and means the same: ${JSON.stringify(schema)}`, async () => {
    const validator = await makeValidator({ type: "schema", schema });
    for (const metadata of fitting) await validator.validate(metadata, []);
    for (const metadata of others) {
      assertThrows(
        () => validator.validate(metadata, []),
        InvalidMetadataError,
        "",
        JSON.stringify(metadata),
      );
    }
    assertEquals(validator.config(), { type: "schema", schema });
  });
}

test("a value that is not a multiple is reported as before", async () => {
  const validator = await SchemaValidator.compile({ properties: { price: { multipleOf: 0.01 } } });
  assertThrows(
    () => validator.validate({ price: 19.995 }),
    InvalidMetadataError,
    'at "/price" expected a multiple of 0.01, found 19.995',
  );
});

test("a schema without a draft is read by the draft given next to it", async () => {
  const schema = { prefixItems: [{ type: "string" }] };
  (await SchemaValidator.compile(schema, { draft: "draft-07" })).validate([5]);
  const newest = await SchemaValidator.compile(schema);
  assertThrows(() => newest.validate([5]), InvalidMetadataError);
  const document = { type: "schema", schema, draft: "draft-07" };
  const validator = await makeValidator(document);
  await validator.validate([5], []);
  assertEquals(validator.config(), document);
  const named = { ...schema, $schema: "https://json-schema.org/draft/2020-12/schema" };
  const other = await makeValidator({ type: "schema", schema: named, draft: "draft-07" });
  assertThrows(() => other.validate([5], []), InvalidMetadataError);
  await assertRejects(
    () => makeValidator({ type: "schema", schema, draft: "draft-7" }),
    InvalidOptionError,
    'found "draft": "draft-7"',
  );
});

for (const schema of ["text", 5, null, [], { type: "nonsense" }, { items: 5 }] as JsonValue[]) {
  test(`a serializer refuses what is not a schema: ${JSON.stringify(schema)}`, async () => {
    const document = { type: "schema", schema };
    const refused = (work: () => Promise<unknown>): Promise<unknown> =>
      assertRejects(work, InvalidOptionError, "Cannot compile JSON schema: ");
    await refused(() => makeSerializer(document));
    await refused(() => makeSerializer(new SchemaSerializer(schema)));
    await using driver = await Driver.open("memory", {});
    await refused(() => driver.createTopic("t", {}, { serializer: document }));
    await refused(() => driver.draftTopic("t", { serializer: document }));
    assertEquals(await driver.topicExists("t"), false);
    await driver.createTopic("t", {}, { serializer: { type: "schema", schema: true } });
  });
}
