// Metadata may have a getter, and the getter may push. CBOR was written into one buffer, which the inner push began
// anew: the outer event was confirmed, and could not be read by any consumer. A getter that made a list longer while it
// was written did the same. Now each encoding has its own bytes, and a list has as many elements as its head says.
import { assertEquals } from "@std/assert";
import { Driver, type JsonValue, type Producer, type Topic } from "../../mod.ts";
import { encodeCbor } from "../../src/components/serializers/cbor_encoder.ts";
import { test } from "../harness.ts";

const SERIALIZERS = {
  default: { type: "default" },
  cbor: { type: "cbor" },
  schema: { type: "schema", schema: {} },
};

async function inTopic(
  serializer: keyof typeof SERIALIZERS,
  use: (topic: Topic, producer: Producer) => Promise<void>,
): Promise<void> {
  await using driver = await Driver.open("memory", {});
  await driver.createTopic("t", {}, { serializer: SERIALIZERS[serializer] });
  await using topic = await driver.openTopic("t");
  await using producer = topic.producer();
  await use(topic, producer);
}

async function storedOf(topic: Topic): Promise<JsonValue[]> {
  await using consumer = topic.consumer("c");
  const found: JsonValue[] = [];
  for await (const event of consumer.events({ until: "end" })) found.push(event.metadata);
  return found;
}

/** An object with a member that does something when it is read. */
function withGetter(read: () => JsonValue): JsonValue {
  return Object.defineProperty({ first: 1 }, "later", { get: read, enumerable: true }) as JsonValue;
}

for (const serializer of ["default", "cbor", "schema"] as const) {
  test(`a getter that pushes harms neither event, with the serializer "${serializer}"`, () =>
    inTopic(serializer, async (topic, producer) => {
      const inner = { inner: "x".repeat(5000) };
      const outer = withGetter(() => {
        producer.push(inner);
        return "outer";
      });
      await producer.push(outer);
      await producer.flush();
      const stored = await storedOf(topic);
      assertEquals(stored.pop(), { first: 1, later: "outer" });
      for (const metadata of stored) assertEquals(metadata, inner);
    }));

  test(`a getter that lengthens or cuts a list leaves what can be read, with the serializer "${serializer}"`, () =>
    inTopic(serializer, async (topic, producer) => {
      for (const change of [(list: JsonValue[]) => list.push(3), (list: JsonValue[]) => list.length = 1]) {
        const list: JsonValue[] = [];
        list.push(withGetter(() => change(list)), 2);
        // A list that became shorter may be refused.
        await producer.push(list).catch(() => {});
      }
      await producer.push({ last: true });
      const stored = await storedOf(topic);
      assertEquals(stored.at(-1), { last: true });
      assertEquals((stored[0] as JsonValue[]).length >= 2, true);
    }));
}

test("an encoding that a getter interrupts with a failing one goes on", () => {
  const value = withGetter(() => {
    try {
      encodeCbor(Number.NaN);
    } catch {
      // The inner one has no CBOR.
    }
    return encodeCbor([1, 2, 3]).byteLength;
  });
  assertEquals(encodeCbor(value), encodeCbor({ first: 1, later: 4 }));
});
