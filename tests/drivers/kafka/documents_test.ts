// The documents of a topic's components, as stored in its info topic.
import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { readDocuments } from "../../../src/drivers/kafka/documents.ts";
import type { RawReader } from "../../../src/drivers/kafka/raw_reader.ts";
import { test } from "../../harness.ts";

/** What is read if these texts are stored. */
async function read(...texts: string[]): Promise<Awaited<ReturnType<typeof readDocuments>>> {
  const records = texts.map((text, offset) => ({ offset, timestamp: 0, value: Buffer.from(text) }));
  return await readDocuments({ read: () => Promise.resolve(records) } as unknown as RawReader, "__info_t");
}

const DEFAULT = '{"type":"default"}';

test("a schema of the C++ library without a draft means draft 07, and one with a draft keeps it", async () => {
  const tuple = '{"items":[{"type":"string"}]}';
  const bare = await read(`{"schema":${tuple},"type":"schema"}`, DEFAULT, DEFAULT);
  assertEquals(bare.documents.validator, {
    schema: { items: [{ type: "string" }] },
    type: "schema",
    draft: "draft-07",
  });
  const named = '{"$schema":"http://json-schema.org/draft-04/schema#","type":"object"}';
  const other = await read(`{"schema":${named},"type":"schema"}`, DEFAULT, DEFAULT);
  assertEquals(other.documents.validator.draft, undefined);
});

test("our schema without a draft is read as it was written", async () => {
  const ours = { type: "schema", schema: { prefixItems: [{ type: "string" }] } };
  const { documents, missing } = await read(JSON.stringify(ours), DEFAULT, DEFAULT);
  assertEquals(documents.validator, ours);
  assertEquals(missing, 0);
});

test("a missing or malformed document means the default component", async () => {
  const { documents, missing } = await read("[1]", "{");
  assertEquals(missing, 3);
  assertEquals(documents.serializer, { type: "default" });
});
