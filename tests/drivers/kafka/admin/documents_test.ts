// The documents of a topic's components, as stored in its info topic.
import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import type { Cluster } from "../../../../src/drivers/kafka/client/cluster.ts";
import { readDocuments } from "../../../../src/drivers/kafka/admin/documents.ts";
import type { RawReader } from "../../../../src/drivers/kafka/fetch/raw_reader.ts";
import { test } from "../../../harness.ts";

type Documents = Awaited<ReturnType<typeof readDocuments>>;

/** What is read if these texts are stored. */
function read(...texts: string[]): Promise<Documents> {
  return readInTurn([texts]).documents;
}

/** What is read if these texts are found, one list after the other; and how often it was read. */
function readInTurn(
  found: readonly (readonly string[])[],
  isThere = true,
): { documents: Promise<Documents>; reads: () => number } {
  let reads = 0;
  const reader = {
    read: () => {
      const texts = found[Math.min(reads++, found.length - 1)];
      return Promise.resolve(
        texts.map((text, offset) => ({ offset, timestamp: 0, value: Buffer.from(text) })),
      );
    },
  } as unknown as RawReader;
  const cluster = {
    pause: () => Promise.resolve(),
    run: () => Promise.resolve(isThere ? {} : undefined),
  } as unknown as Cluster;
  return { documents: readDocuments(cluster, reader, "__info_t"), reads: () => reads };
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

// A topic was opened while brokers restarted one after the other, right after it was made, and lost its validator without
// an error: the new leader of its documents had them, but did not give them yet.
test("documents that a new leader does not give yet are looked for again", async () => {
  const schema = '{"type":"schema","schema":{"type":"object"}}';
  const late = readInTurn([[], [schema], [schema, DEFAULT, DEFAULT]]);
  const { documents, missing } = await late.documents;
  assertEquals([documents.validator.type, missing, late.reads()], ["schema", 0, 3]);
});

test("a topic without documents is not waited for", async () => {
  const none = readInTurn([[]], false);
  assertEquals([(await none.documents).missing, none.reads()], [3, 1]);
});
