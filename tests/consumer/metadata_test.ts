// How metadata is parsed: lazily, together if most of it is accessed, and once.
import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { CborSerializer, InvalidMetadataError, type JsonValue, type Serializer } from "../../mod.ts";
import { foreignPromise } from "../foreign_promise.ts";
import { test } from "../harness.ts";
import { ScriptedSource } from "./scripted_consumer.ts";

interface Parses {
  together: number;
  alone: number;
}

/** Counts parses while `body` runs: of joined texts, and of single texts. */
async function countParses(body: () => Promise<void>): Promise<Parses> {
  const parses = { together: 0, alone: 0 };
  const { parse } = JSON;
  JSON.parse = (text, ...rest) => {
    if (text.startsWith("[") && text.endsWith("]")) parses.together++;
    else parses.alone++;
    return parse(text, ...rest);
  };
  try {
    await body();
  } finally {
    JSON.parse = parse;
  }
  return parses;
}

test("metadata that is not accessed is not parsed", async () => {
  const source = new ScriptedSource();
  source.store(100);
  await using consumer = source.consumer({ batchSize: 10 });
  const parses = await countParses(async () => {
    for await (const event of consumer.events({ until: "end" })) event.metadataText;
  });
  assertEquals(parses, { together: 0, alone: 0 });
});

test("a batch whose metadata is all accessed is parsed in one call", async () => {
  const source = new ScriptedSource();
  source.store(100);
  await using consumer = source.consumer({ batchSize: 10 });
  const parses = await countParses(async () => {
    for await (const event of consumer.events({ until: "end" })) assertEquals(event.metadata, event.id);
  });
  assertEquals(parses, { together: 10, alone: 0 });
});

test("after the first batch, metadata that is rarely accessed is parsed one by one", async () => {
  const source = new ScriptedSource();
  source.store(100);
  await using consumer = source.consumer({ batchSize: 10 });
  const parses = await countParses(async () => {
    for await (const event of consumer.events({ until: "end" })) if (event.id % 10 === 3) event.metadata;
  });
  assertEquals(parses, { together: 1, alone: 9 });
});

test("an event returns the same object each time, and the text as it was stored", async () => {
  const source = new ScriptedSource();
  source.store(3, 0, (id) => ({ text: ` {"big": 1234567890123456789${id}} ` }));
  await using consumer = source.consumer();
  for await (const event of consumer.events({ until: "end" })) {
    const { metadata } = event;
    assertStrictEquals(event.metadata, metadata);
    assertEquals(event.metadataText, ` {"big": 1234567890123456789${event.id}} `);
  }
});

test("text that is not JSON fails for its own event only", async () => {
  const source = new ScriptedSource();
  source.store(3, 0, (id) => ({ text: id === 1 ? "{broken" : String(id) }));
  await using consumer = source.consumer();
  const events = [await consumer.pull(), await consumer.pull(), await consumer.pull()];
  assertEquals(events[0].metadata, 0);
  assertThrows(
    () => events[1].metadata,
    InvalidMetadataError,
    "Cannot parse metadata of partition 0 event 1",
  );
  assertEquals(events[2].metadata, 2);
});

test("other serializers read their bytes, synchronously or asynchronously", async () => {
  const cbor = await CborSerializer.load();
  const asBytes: Serializer = {
    config: () => ({ type: "test" }),
    serialize: () => "",
    deserialize: (bytes) => ({ bytes: bytes.byteLength }),
  };
  const later: Serializer = {
    ...asBytes,
    deserialize: async (bytes): Promise<JsonValue> => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      return { later: bytes.byteLength };
    },
  };
  const foreign: Serializer = {
    ...asBytes,
    deserialize: (bytes) => foreignPromise({ foreign: bytes.byteLength }),
  };
  const kinds = [[asBytes, { bytes: 2 }], [later, { later: 2 }], [foreign, { foreign: 2 }]] as const;
  for (const [serializer, wanted] of kinds) {
    const source = new ScriptedSource();
    source.store(10, 0, () => ({ text: "42" }));
    await using consumer = source.consumer({ batchSize: 4 }, serializer);
    let count = 0;
    for await (const event of consumer.events({ until: "end" })) {
      assertEquals(event.metadata, wanted);
      assertEquals(event.metadataText, JSON.stringify(wanted));
      count++;
    }
    assertEquals(count, 10);
  }
  const source = new ScriptedSource();
  source.store(1, 0, () => ({ text: "\u0018" }));
  await using consumer = source.consumer({}, cbor);
  const event = await consumer.pull();
  assertThrows(() => event.metadata, InvalidMetadataError);
});
