// Topics typed and validated with zod and valibot schemas.
import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { toStandardJsonSchema } from "@valibot/to-json-schema";
import * as v from "valibot";
import * as z from "zod";
import { Driver, InvalidMetadataError, InvalidOptionError, StandardSchemaValidator } from "../../mod.ts";
import { test } from "../harness.ts";

const zodReading = z.object({ energy: z.number().max(50), tags: z.array(z.string()).optional() });
const valibotReading = v.object({
  energy: v.pipe(v.number(), v.maxValue(50)),
  tags: v.optional(v.array(v.string())),
});

for (
  const [vendor, schema, storable] of [
    ["zod", zodReading, zodReading],
    ["valibot", valibotReading, toStandardJsonSchema(valibotReading)],
  ] as const
) {
  test(`a ${vendor} schema validates and types a topic`, async () => {
    await using driver = await Driver.open("memory", {});
    await driver.createTopic("readings", {}, { validator: storable });
    await using topic = await driver.openTopic("readings", { validator: schema });
    await using producer = topic.producer();
    assertEquals(await producer.push({ energy: 42, tags: ["a"] }), 0);
    const error = await assertRejects(
      async () => await producer.push({ energy: 51 }),
      InvalidMetadataError,
      "/energy",
    );
    assertStringIncludes(error.message, "Cannot accept metadata");
    await assertRejects(
      async () => await producer.push('{"energy": "high"}'),
      InvalidMetadataError,
      "/energy",
    );
    await assertRejects(async () => await producer.push("[]"), InvalidMetadataError);
    await using consumer = topic.consumer("c");
    const event = await consumer.pull();
    const energy: number = event.metadata.energy;
    assertEquals(energy, 42);
  });

  test(`a ${vendor} schema is stored as a JSON Schema, enforced by other processes`, async () => {
    await using driver = await Driver.open("memory", {});
    await driver.createTopic("readings", {}, { validator: storable });
    const info = (await driver.listTopics()).get("readings");
    assertEquals(info?.validator.type, "schema");
    await using topic = await driver.openTopic("readings");
    await using producer = topic.producer();
    assertEquals(await producer.push({ energy: 50 }), 0);
    await assertRejects(async () => await producer.push({ energy: 51 }), InvalidMetadataError, "/energy");
  });
}

test("a schema without a JSON Schema needs a document to be stored", async () => {
  await using driver = await Driver.open("memory", {});
  const error = await assertRejects(
    () => driver.createTopic("readings", {}, { validator: valibotReading }),
    InvalidOptionError,
  );
  assertStringIncludes(error.message, "wrap it in toStandardJsonSchema()");
  assertStringIncludes(error.message, "NAME:MODULE");
  assertEquals(await driver.topicExists("readings"), false);
  const document = { type: "reading:./reading.ts" };
  assertEquals(new StandardSchemaValidator(valibotReading, { document }).config(), document);
});

test("an asynchronous schema is awaited", async () => {
  const slow = z.object({ n: z.number() }).refine(async ({ n }) => {
    await new Promise((resolve) => setTimeout(resolve, 5 - n));
    return n < 3;
  }, "too large");
  await using driver = await Driver.open("memory", {});
  await driver.createTopic("numbers", {});
  await using topic = await driver.openTopic("numbers", { validator: slow });
  await using producer = topic.producer();
  const pushes = [0, 1, 4, 2].map((n) => producer.push({ n }));
  assertEquals(await Promise.all([pushes[0], pushes[1], pushes[3]]), [0, 1, 2]);
  await assertRejects(async () => await pushes[2], InvalidMetadataError, "too large");
});

test("every issue is reported, and one of the whole value has no place", () => {
  const validator = new StandardSchemaValidator(z.object({ a: z.number(), b: z.string() }));
  assertThrows(() => validator.validate({}), InvalidMetadataError, "(and 1 more)");
  assertThrows(() => validator.validate(3), InvalidMetadataError, "Cannot accept metadata: ");
});

test("the place of an issue is a JSON pointer, also where a key has a slash", () => {
  const validator = new StandardSchemaValidator(z.object({ "a/b": z.array(z.number()) }));
  assertThrows(() => validator.validate({ "a/b": ["x"] }), InvalidMetadataError, 'at "/a~1b/0": ');
});
