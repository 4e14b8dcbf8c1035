// One record whose text was not UTF-8 made its neighbours in the batch unreadable, even if it was skipped:
// their texts were joined before any was read. An asynchronous serializer failed the whole batch for one event,
// and one that threw at the very first event was mistaken for a synchronous one. Only the faulty record is
// affected now.
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import {
  CborSerializer,
  CorruptedLogError,
  InvalidMetadataError,
  type JsonValue,
  type Serializer,
} from "../../mod.ts";
import type { FetchedPartition } from "../../src/drivers/kafka/format/fetched.ts";
import { PartitionQueue } from "../../src/drivers/kafka/fetch/partition_queue.ts";
import { formatOf, type RecordFormat } from "../../src/drivers/kafka/format/record.ts";
import { EventBatch } from "../../src/event/event_batch.ts";
import { ScriptedSource } from "../consumer/scripted_consumer.ts";
import { valuesOf } from "../drivers/kafka/values.ts";
import { test } from "../harness.ts";

const NOT_UTF8: Record<string, Buffer> = {
  "a lone byte": Buffer.from([0x22, 0xff, 0x22]),
  "a letter that was cut": Buffer.from([0x22, 0xc3]),
  "half of a pair": Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]),
  "a letter that is too long": Buffer.from([0x22, 0xc0, 0xaf, 0x22]),
};

function queueOf(metadata: (string | Uint8Array)[], format: RecordFormat): PartitionQueue {
  const values = metadata.map((one) =>
    valuesOf(
      { count: 1, metadata: [one] as string[], dataBytes: 1, data: [Uint8Array.of(0xff)] },
      format,
    )[0]
  );
  const queue = new PartitionQueue({
    partition: 0,
    position: 0,
    format,
    damageOf: (damage) => new CorruptedLogError({ partition: 0, file: "broker", ...damage }),
    what: "read",
  });
  queue.accept({
    highWatermark: BigInt(values.length),
    records: [{
      firstOffset: 0n,
      lastOffsetDelta: values.length - 1,
      firstTimestamp: 1n,
      maxTimestamp: 1n,
      attributes: 0,
      records: values.map((value, offsetDelta) => ({ offsetDelta, timestampDelta: 0n, value })),
    }],
  } as unknown as FetchedPartition);
  return queue;
}

for (const [what, bytes] of Object.entries(NOT_UTF8)) {
  for (const at of [0, 2, 4]) {
    test(`of five records number ${at} has ${what}: it is damage, and the others are read`, () => {
      const metadata = [0, 1, 2, 3, 4].map((n) => n === at ? bytes : `{"n":${n},"sign":"\ufffd"}`);
      const queue = queueOf(metadata, formatOf("default"));
      const read: number[] = [];
      const damage: CorruptedLogError[] = [];
      for (;;) {
        const batch = queue.take(100, (error) => damage.push(error));
        if (batch === undefined) break;
        for (const { n } of JSON.parse(`[${batch.joinedText!()}]`)) read.push(n);
      }
      assertEquals(read, [0, 1, 2, 3, 4].filter((n) => n !== at));
      assertEquals(damage.map(({ damage }) => [damage.firstId, damage.endId]), [[at, at + 1]]);
      assertStringIncludes(damage[0].message, "not UTF-8");
      const strict = queueOf(metadata, formatOf("default"));
      if (at > 0) strict.take(at);
      assertThrows(() => strict.take(100), CorruptedLogError, "not UTF-8");
    });
  }
}

test("a serializer's bytes need not be text", () => {
  const batch = queueOf([Uint8Array.of(0xff), Uint8Array.of(0xa0)], formatOf("cbor")).take(10);
  assertEquals([batch?.count, [...batch!.metadataBytes(0)]], [2, [0xff]]);
});

/** Reads bytes as a decimal number, asynchronously or not. */
function digits(isLater: boolean): Serializer {
  const read = (bytes: Uint8Array): JsonValue => {
    const text = new TextDecoder().decode(bytes);
    if (!/^\d+$/.test(text)) throw new RangeError(`no digits: ${text}`);
    return Number(text);
  };
  return {
    config: () => ({ type: "digits" }),
    serialize: String,
    deserialize: isLater ? async (bytes) => await Promise.resolve(read(bytes)) : read,
  };
}

const cbor = await CborSerializer.load();
const SERIALIZERS: Record<string, [Serializer, fault: string]> = {
  "answers later": [digits(true), "x"],
  "answers at once": [digits(false), "x"],
  "throws at once, and answers later": [
    {
      ...digits(true),
      deserialize: (bytes) => {
        if (bytes[0] === 0x78) throw new RangeError("no digits");
        return digits(true).deserialize(bytes);
      },
    },
    "x",
  ],
  "is cbor": [cbor, "\u0018"],
};

for (const [what, [serializer, fault]] of Object.entries(SERIALIZERS)) {
  for (const at of [0, 3, 9]) {
    test(`a serializer that ${what} cannot read event ${at} of ten: the others are read`, async () => {
      const source = new ScriptedSource();
      source.store(10, 0, (n) => ({ text: n === at ? fault : serializer === cbor ? "1" : String(n) }));
      await using consumer = source.consumer({ batchSize: 5 }, serializer);
      let count = 0;
      for await (const event of consumer.events({ until: "end" })) {
        if (event.id === at) {
          const { message } = assertThrows(() => event.metadata, InvalidMetadataError);
          if (serializer !== cbor) assertStringIncludes(message, `partition 0 event ${at}`);
          assertThrows(() => event.metadataText, InvalidMetadataError);
        } else if (serializer !== cbor) assertEquals(event.metadata, event.id);
        else assertEquals(typeof event.metadata, "number");
        count++;
      }
      assertEquals(count, 10);
    });
  }
}

// CBOR text that was not UTF-8, and JSON text of a serializer of the program's own, were read with other characters in
// the place of what was stored.
const REPLACED = "\ufffd";
const CBOR_TEXTS: Record<string, [bytes: number[], read?: JsonValue]> = {
  "a text that is not UTF-8": [[0x61, 0xff]],
  "a key that is not UTF-8": [[0xa1, 0x62, 0xc3, 0x28, 0x01]],
  "half of a pair in a list, after a replacement character": [
    [0x82, 0x63, 0xef, 0xbf, 0xbd, 0x63, 0xed, 0xa0, 0x80],
  ],
  "replacement characters": [
    [0xa1, 0x63, 0xef, 0xbf, 0xbd, 0x63, 0xef, 0xbf, 0xbd],
    { [REPLACED]: REPLACED },
  ],
};

for (const [what, [bytes, read]] of Object.entries(CBOR_TEXTS)) {
  test(`CBOR with ${what} is ${read === undefined ? "no metadata" : "read as it is"}`, () => {
    const metadata = () => cbor.deserialize(Uint8Array.from(bytes));
    if (read === undefined) assertThrows(metadata, InvalidMetadataError, "not UTF-8");
    else assertEquals(metadata(), read);
  });
}

test("an event whose JSON text is not UTF-8 is not read, whichever serializer wrote it; the others are", () => {
  const serializer: Serializer = { ...digits(false), writesJsonText: true };
  const texts = Object.values(NOT_UTF8);
  const incoming = queueOf([Buffer.from('"n"'), ...texts], formatOf("digits")).take(10)!;
  const owner = { topic: "t", serializer, deliversWholeData: false, accessedShare: 1 };
  const acknowledge = (): never => {
    throw new Error("nothing is acknowledged");
  };
  const batch = new EventBatch({ ...owner, acknowledge }, incoming);
  assertEquals([batch.metadata(0), batch.metadataText(0)], ["n", '"n"']);
  texts.forEach((_, index) => {
    for (const read of [() => batch.metadata(index + 1), () => batch.metadataText(index + 1)]) {
      const { message } = assertThrows(read, InvalidMetadataError);
      assertStringIncludes(message, `Cannot parse metadata of partition 0 event ${index + 1}`);
    }
  });
});
