// A reader finds what the encoder writes: texts of every kind, bytes, data divided in every way, and the
// limits.
import { assertEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LimitExceededError } from "../../../mod.ts";
import type { OutgoingBatch, OutgoingData } from "../../../src/contract.ts";
import {
  DATA_BLOCK_BYTES,
  FLAG,
  FRAME_EVENTS_MAX,
  KIND,
  METADATA_BYTES_MAX,
  RECORD,
  type Signature,
} from "../../../src/log/format/bytes.ts";
import { Partition } from "../../../src/log/partition.ts";
import { PartitionReader } from "../../../src/log/read/reader.ts";
import { Appender } from "../../../src/log/write/appender.ts";
import { encodeEvents, encodePlain } from "../../../src/log/write/encoder.ts";
import { nodeStorage } from "../../../src/storage/node.ts";
import { test } from "../../harness.ts";

const SIGNATURE = { salt: 1, sequence: 1, nonceLow: 2, nonceHigh: 3, time: 4, anchorId: 0, anchorOffset: 64 };

const encodeWith = (batch: Partial<OutgoingBatch>) =>
  encodeEvents({ dataBytes: 0, ...batch } as OutgoingBatch, SIGNATURE as Signature);

/** Appends the batches and reads them back: the bytes of the metadata and of the data. */
function storedAs(...batches: OutgoingBatch[]): { metadata: string[]; data: Uint8Array[] } {
  const directory = mkdtempSync(join(tmpdir(), "diaspora-encoder-"));
  const partition = new Partition({ storage: nodeStorage, directory, topic: "topic", partition: 0 });
  const appender = new Appender(partition, 1 << 30);
  try {
    for (const batch of batches) appender.appendEvents(batch);
    const reader = new PartitionReader(partition, { dataWanted: true, onCorruption: "throw" });
    reader.seek("earliest");
    const metadata: string[] = [];
    const data: Uint8Array[] = [];
    for (let batch = reader.read(100); batch !== undefined; batch = reader.read(100)) {
      const first = metadata.length;
      for (let index = 0; index < batch.count; index++) {
        metadata.push(new TextDecoder().decode(batch.metadataBytes(index)));
        const bytes = new Uint8Array(batch.dataSize(index));
        batch.readData(index, [{ offset: 0, size: bytes.byteLength }], [bytes]);
        data.push(bytes);
      }
      if (batch.joinedText !== undefined) assertEquals(batch.joinedText(), metadata.slice(first).join(","));
    }
    return { metadata, data };
  } finally {
    appender.close();
    partition.close();
    rmSync(directory, { recursive: true });
  }
}

const TEXTS = ['"plain"', '"ä"', '"漢字"', '"😀 and 𝕏"', "{}", '"\u07ff\u0800\uffff"', '"end"'];

test("texts of one, two, three and four bytes a letter are read back as they were, alone and together", () => {
  const batches = [
    ...TEXTS.map((text) => ({ count: 1, metadata: [text], dataBytes: 0 })),
    { count: TEXTS.length, metadata: TEXTS, dataBytes: 0 },
    // The list of a batch may be longer than the number of events to store.
    { count: 2, metadata: TEXTS, dataBytes: 0 },
    { count: 3, metadata: ['"a"', '"b"', '"c"', '"d"'], dataBytes: 0 },
  ];
  assertEquals(storedAs(...batches).metadata, [
    ...TEXTS,
    ...TEXTS,
    ...TEXTS.slice(0, 2),
    ...['"a"', '"b"', '"c"'],
  ]);
});

test("texts of more than one run are read back as they were, wherever one is not ASCII or is longer than a run", () => {
  const texts = Array.from({ length: 600 }, (_, n) => JSON.stringify({ n, text: "x".repeat(997) }));
  const wide = texts.with(0, '"ä"').with(350, '"漢字"').with(599, '"😀"');
  const long = texts.with(1, `"${"y".repeat(200_000)}"`).with(598, `"${"ü".repeat(200_000)}"`);
  for (const metadata of [texts, wide, long]) {
    assertEquals(storedAs({ count: metadata.length, metadata, dataBytes: 0 }).metadata, metadata);
  }
});

test("a frame says that its texts are ASCII if all of them are, in every run", () => {
  const long = `"${"x".repeat(90_000)}"`;
  const flagsOf = (...metadata: string[]): number => {
    const frame = encodeWith({ count: metadata.length, metadata });
    return frame[RECORD.flags]! & (FLAG.jsonText | FLAG.ascii);
  };
  const [ascii, text] = [FLAG.jsonText | FLAG.ascii, FLAG.jsonText];
  assertEquals([flagsOf('"a"'), flagsOf('"ä"'), flagsOf('"a"', '"ä"', '"a"')], [ascii, text, text]);
  assertEquals([flagsOf(long, long), flagsOf('"ä"', long, long), flagsOf(long, long, '"ä"')], [
    ...[ascii, text, text],
  ]);
  assertEquals(encodeWith({ count: 1, metadata: [Uint8Array.of(49)] })[RECORD.flags], 0);
});

test("lone surrogates become the replacement character, beside letters of every size", () => {
  const alone = ["\ud800", "\udc00x", "\ud800\ud800\udc00", "\udfff\udbff", "\ud83d", "ok", "\x7f", "\x80"];
  const beside = [
    "\ud800é",
    "\ud800漢x",
    "漢\udc00",
    "\udc00\udc00",
    "\ud800\uffff",
    "\ud800\ue000",
    "é\udc00",
    "\udbff\udfff",
  ];
  const texts = [...alone, ...beside].map((text) => `"${text}"`);
  const { metadata } = storedAs({ count: texts.length, metadata: texts, dataBytes: 0 });
  const round = (text: string) => new TextDecoder().decode(new TextEncoder().encode(text));
  assertEquals(metadata, texts.map(round));
});

test("what a serializer gave is read back as it was, also where one has nothing", () => {
  const parts = ["one", "", "twö", "three"].map((text) => new TextEncoder().encode(text));
  const batch = { count: 4, metadata: parts, dataBytes: 0 };
  const withData = {
    count: 2,
    metadata: parts.slice(2),
    data: [Uint8Array.of(1, 2), Uint8Array.of(3)],
    dataBytes: 3,
  };
  const { metadata, data } = storedAs(batch, withData);
  assertEquals(metadata, ["one", "", "twö", "three", "twö", "three"]);
  assertEquals(data.map((bytes) => [...bytes]), [[], [], [], [], [1, 2], [3]]);
});

test("data parts are read back as they were, whichever way they lie across blocks", () => {
  const part = (bytes: number, first: number) => Uint8Array.from({ length: bytes }, (_, n) => first + n * 7);
  const cases: OutgoingData[][] = [
    [part(1, 9)],
    [part(1, 1), part(2, 2), part(3, 3)],
    [part(5, 1), undefined, new Uint8Array(0), part(4, 9)],
    [[part(3, 1), part(0, 0), part(2, 7)], part(1, 5), [], [part(4, 2)]],
    [part(DATA_BLOCK_BYTES, 3)],
    [part(DATA_BLOCK_BYTES - 1, 3), part(1, 4), part(1, 5)],
    [part(DATA_BLOCK_BYTES + 1, 3), part(DATA_BLOCK_BYTES - 1, 4)],
    [part(10, 1), part(3 * DATA_BLOCK_BYTES + 5, 2), [part(DATA_BLOCK_BYTES, 8), part(9, 1)]],
    [part(10, 1), part(3 * DATA_BLOCK_BYTES + 5, 2)],
    [part(DATA_BLOCK_BYTES, 1), part(DATA_BLOCK_BYTES, 2), part(DATA_BLOCK_BYTES, 3)],
    [[part(2 * DATA_BLOCK_BYTES, 1), part(2 * DATA_BLOCK_BYTES - 1, 5)]],
  ];
  for (const data of cases) {
    const whole = data.map((each) => Buffer.concat(each instanceof Uint8Array ? [each] : each ?? []));
    const dataBytes = whole.reduce((sum, { length }) => sum + length, 0);
    const metadata = data.map((_, index) => `${index}`);
    const found = storedAs({ count: data.length, metadata, data, dataBytes });
    assertEquals(found.metadata, metadata);
    assertEquals(found.data.map((bytes, index) => whole[index]!.equals(bytes)), whole.map(() => true));
  }
});

test("a chunk is the same whether its data is given whole or in pieces of any size", () => {
  const whole = Uint8Array.from({ length: 3 * DATA_BLOCK_BYTES + 9 }, (_, n) => n * 7);
  const encoded = (pieceBytes: number) => {
    const data: Uint8Array[] = [];
    for (let at = 0; at < whole.length; at += pieceBytes) data.push(whole.subarray(at, at + pieceBytes));
    return encodePlain(KIND.chunk, SIGNATURE as Signature, { data }).slice();
  };
  for (const pieceBytes of [1000, 40_000, DATA_BLOCK_BYTES, 70_000, 2 * DATA_BLOCK_BYTES]) {
    assertEquals(Buffer.compare(encoded(pieceBytes), encoded(whole.length)), 0, `${pieceBytes}`);
  }
});

test("a batch whose data has no bytes takes no more room than one without data", () => {
  const batch = { count: 2, metadata: ["1", "2"] };
  const data = [new Uint8Array(0), undefined];
  assertEquals(encodeWith({ ...batch, data }).byteLength, encodeWith(batch).byteLength);
});

test("a batch that says another size than its data has is not written", () => {
  const metadata = ["1", "2"];
  const [one, other] = [Uint8Array.of(1, 2, 3), Uint8Array.of(4)];
  for (const data of [[one, other], [[one], [other]]]) {
    for (const [dataBytes, part] of [[3, "bytes"], [5, "data"]] as const) {
      assertThrows(
        () => encodeWith({ count: 2, metadata, data, dataBytes }),
        Error,
        `Cannot encode a frame: its ${part} end at`,
      );
    }
  }
});

test("an event that says another size than its chunks have is not written", () => {
  const list = [{ segmentId: 0, offset: 64, dataBytes: 4 }, { segmentId: 0, offset: 300, dataBytes: 2 }];
  const batch = { count: 1, metadata: ["1"], dataBytes: 0 };
  const encode = (totalBytes: number) => encodeEvents(batch, SIGNATURE as Signature, { totalBytes, list });
  assertEquals(encode(6).byteLength > 0, true);
  for (const total of [5, 7]) {
    assertThrows(() => encode(total), Error, `its chunks end at 6, its layout says ${total}`);
  }
});

test("texts have as many bytes as a frame may, and not one more, with their separators", () => {
  const wide = "ä".repeat(1000);
  const textsOf = (bytes: number) => [`"${wide}"`, `"${"x".repeat(bytes - 2002 - 2 - 1)}"`];
  const most = encodeWith({ count: 2, metadata: textsOf(METADATA_BYTES_MAX) });
  assertEquals(most.byteLength > METADATA_BYTES_MAX, true);
  const letters = (bytes: number) => [`"${"x".repeat(bytes - 2)}"`];
  assertEquals(
    encodeWith({ count: 1, metadata: letters(METADATA_BYTES_MAX) }).byteLength,
    most.byteLength - 4,
  );
  const tooMany = METADATA_BYTES_MAX + 1;
  for (const metadata of [textsOf(tooMany), letters(tooMany)]) {
    assertThrows(
      () => encodeWith({ count: metadata.length, metadata }),
      LimitExceededError,
      `it has ${tooMany} bytes of metadata, more than ${METADATA_BYTES_MAX}`,
    );
  }
});

test("limits of a frame are checked before anything is written", () => {
  const refused = (body: () => void) => assertThrows(body, LimitExceededError).message;
  const metadata = ["1"];
  const count = FRAME_EVENTS_MAX + 1;
  assertEquals(refused(() => encodeWith({ count, metadata })).includes(`${count} events`), true);
  const large = { count: 1, metadata, data: [new Uint8Array(0)], dataBytes: 2 ** 33 };
  assertEquals(refused(() => encodeWith(large)).includes(`${2 ** 33} bytes of data`), true);
  const piece = { byteLength: 2 ** 33 } as Uint8Array;
  assertEquals(
    refused(() => encodePlain(KIND.chunk, SIGNATURE as Signature, { data: [piece] })).includes(
      "smaller chunks",
    ),
    true,
  );
  const inChunks = (chunks: number) => {
    const list = new Array(chunks).fill({ segmentId: 0, offset: 64, dataBytes: 1 });
    return encodeEvents({ count: 1, metadata, dataBytes: 0 }, SIGNATURE as Signature, {
      totalBytes: chunks,
      list,
    });
  };
  assertEquals(inChunks(0xffff).byteLength > 0, true);
  assertEquals(refused(() => inChunks(0x10000)).includes("65536 chunks of data"), true);
  // For bytes, the limit counts their number; for texts, the bytes of their encoding.
  const long = { length: METADATA_BYTES_MAX + 1 } as Uint8Array;
  assertEquals(refused(() => encodeWith({ count: 1, metadata: [long] })).includes("bytes of metadata"), true);
});
