// An event whose metadata was not CBOR reported "Cannot read metadata as CBOR", without the partition or the
// event, so it could not be found among millions. A serializer knows what is wrong, but not in which event: the
// reader adds that, for every serializer, including custom ones.
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { CborSerializer, Driver, InvalidMetadataError, type JsonValue, type Serializer } from "../../mod.ts";
import { test } from "../harness.ts";

/** Writes something other than CBOR if the metadata is a string, and CBOR otherwise. */
class BrokenSerializer implements Serializer {
  constructor(private readonly cbor: CborSerializer, private readonly message?: string) {}

  serialize(metadata: JsonValue): Uint8Array {
    return typeof metadata === "string" ? new Uint8Array([0xff, 0xff]) : this.cbor.serialize(metadata);
  }

  deserialize(bytes: Uint8Array): JsonValue {
    if (this.message !== undefined && bytes[0] === 0xff) throw new InvalidMetadataError(this.message);
    return this.cbor.deserialize(bytes);
  }

  config(): { type: string } {
    return this.cbor.config() as { type: string };
  }
}

/** The error of the second event of partition 1. */
async function faultOf(message?: string): Promise<InvalidMetadataError> {
  const serializer = new BrokenSerializer(await CborSerializer.load(), message);
  await using driver = await Driver.open("memory", {});
  await driver.createTopic("t", { num_partitions: 2 }, { serializer });
  await using topic = await driver.openTopic("t", { serializer });
  {
    await using producer = topic.producer();
    for (const metadata of [1, "broken", 3]) {
      producer.push(typeof metadata === "string" ? JSON.stringify(metadata) : metadata, undefined, {
        partition: 1,
      });
    }
    await producer.flush();
  }
  await using consumer = topic.consumer("reader", { partitions: [1] });
  const seen: unknown[] = [];
  const fault = await assertRejects(async () => {
    for await (const event of consumer.events({ until: "end" })) seen.push(event.metadata);
  }, InvalidMetadataError);
  assertEquals(seen, [1]);
  return fault;
}

test("metadata that is not CBOR is reported with the partition and the event", async () => {
  const { message, cause } = await faultOf();
  assertStringIncludes(message, "Cannot read metadata of partition 1 event 1 as CBOR: ");
  assertStringIncludes((cause as Error).message, "Cannot read metadata as CBOR: ");
});

test("an error of a custom serializer is reported with the partition and the event", async () => {
  const { message } = await faultOf("the second byte is odd");
  assertEquals(message, "Cannot parse metadata of partition 1 event 1: the second byte is odd");
});
