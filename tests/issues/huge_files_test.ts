// Small files are read as a whole: an index of 10 GiB, or a `topic.json` of 1 GiB, used memory for all of it,
// or failed with the runtime's error. A line without an end filled the memory, with a separate object for every
// byte if they arrived one by one. Now sizes are checked before memory is allocated.
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { truncateSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Driver, LimitExceededError, StorageError, type Topic } from "../../mod.ts";
import { ENTRY_BYTES, writeEntry } from "../../src/cpp_files/layout.ts";
import { CppPartition } from "../../src/cpp_files/partition.ts";
import { LineSplitter } from "../../src/ctl/lines/line_splitter.ts";
import { Partition } from "../../src/log/partition.ts";
import { rebuildIndex } from "../../src/log/check/repair.ts";
import { verifyPartition } from "../../src/log/check/verify.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import { test } from "../harness.ts";

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "diaspora-huge-"));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function idsFrom(topic: Topic, id: number): Promise<number[]> {
  await using consumer = topic.consumer("c", { from: { id } });
  const ids = [];
  for await (const event of consumer.events({ until: "end" })) ids.push(event.id);
  return ids;
}

test("oversized indexes, positions and names cost no memory, and hide nothing", async () => {
  await inFolder(async (root_path) => {
    await using driver = await Driver.open("files", { root_path });
    await driver.createTopic("t", { num_partitions: 1 });
    await using topic = await driver.openTopic("t");
    await using producer = topic.producer("p");
    // Each in a frame of its own, large enough for index entries.
    for (let n = 0; n < 4; n++) await producer.push(n, new Uint8Array(900 * 1024));
    {
      await using consumer = topic.consumer("c");
      await consumer.pull();
      await (await consumer.pull()).acknowledge();
    }
    const partition = join(root_path, "t", "partitions", "00000000");
    const index = join(partition, "00000000000000000000.idx");
    truncateSync(index, 10 * GIB);
    truncateSync(join(root_path, "t", "consumers", "c", "00000000.pos"), 10 * GIB);
    truncateSync(join(root_path, "t", "consumers", "c", "name"), 10 * GIB);
    {
      await using again = await driver.openTopic("t");
      assertEquals(await idsFrom(again, 0), [2, 3]);
      assertEquals((await again.lag("c"))[0].position, 2);
      await using other = again.consumer("other", { from: { id: 3 } });
      assertEquals((await other.pull()).id, 3);
      assertEquals((await again.consumers()).length, 1);
    }
    const log = new Partition({ storage: nodeStorage, directory: partition, topic: "t", partition: 0 });
    const findings = async () => {
      const found = [];
      for await (const { kind, severity, reason } of verifyPartition(log)) {
        found.push({ kind, severity, reason });
      }
      return found;
    };
    const reasons = (await findings()).map(({ reason }) => reason);
    assert(reasons.includes("the index is longer than an index can be"), reasons.join());
    rebuildIndex(log.segment(0));
    assertEquals(await findings(), []);
    log.close();
  });
});

test("a document that is far too large is named, and not written", async () => {
  await inFolder(async (root_path) => {
    await using driver = await Driver.open("files", { root_path });
    for (const [topic, file] of [["a", "serializer.json"], ["b", "topic.json"]]) {
      await driver.createTopic(topic, { num_partitions: 1 });
      const path = join(root_path, topic, file);
      truncateSync(path, GIB);
      const open = () => driver.openTopic(topic);
      const error = await assertRejects(open, StorageError, "has more than 16777216 bytes");
      assertEquals(error.errno, "EFBIG");
      assertStringIncludes(error.message, path);
    }
    const schema = { description: "x".repeat(17 * MIB) };
    await assertRejects(
      () => driver.createTopic("large", { num_partitions: 1 }, { serializer: { type: "schema", schema } }),
      LimitExceededError,
      "make its schema",
    );
    assertEquals(await driver.topicExists("large"), false);
  });
});

test("a C++ index that claims gigabytes of metadata does not cause them to be read", async () => {
  await inFolder(async (folder) => {
    await mkdir(join(folder, "p"));
    const entry = new Uint8Array(ENTRY_BYTES);
    const write = (metadataSize: number) => {
      writeEntry(new DataView(entry.buffer), 0, {
        metadataOffset: 0,
        metadataSize,
        dataOffset: 0,
        dataSize: 0,
      });
      return writeFile(join(folder, "p", "index"), entry);
    };
    await write(9 * GIB);
    await writeFile(join(folder, "p", "metadata"), "");
    await writeFile(join(folder, "p", "data"), "");
    const events = () => [...new CppPartition(nodeStorage, join(folder, "p"), "t", 0).events()];
    assertThrows(events, Error, "ends past the end of the file");
    truncateSync(join(folder, "p", "metadata"), 10 * GIB);
    const { message } = assertThrows(events, LimitExceededError);
    assertStringIncludes(message, `topic "t" partition 0 event 0`);
    assertStringIncludes(message, `${9 * GIB} bytes`);
  });
});

test("data of more than 4 GiB is refused before any of it is copied", async () => {
  const piece = new Uint8Array(64 * MIB);
  for (const name of ["files", "memory"]) {
    await inFolder(async (root_path) => {
      await using driver = await Driver.open(name, name === "files" ? { root_path } : {});
      await driver.createTopic("t", { num_partitions: 1 });
      await using topic = await driver.openTopic("t");
      await using producer = topic.producer("p");
      const future = producer.push('"large"', new Array(65).fill(piece));
      await assertRejects(() => future.wait(), LimitExceededError);
      assertEquals(await producer.push('"small"'), 0);
    });
  }
});

test("a line that is too long is an error, or is skipped to its end", () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const text = (block: Uint8Array | undefined) => new TextDecoder().decode(block);
  assertThrows(
    () => {
      const splitter = new LineSplitter({ bytesMax: 5 });
      splitter.push(bytes("ab"));
      splitter.push(bytes("cdef"));
    },
    LimitExceededError,
    "more than 5 bytes",
  );
  let tooLong = 0;
  const splitter = new LineSplitter({ bytesMax: 5, onTooLong: () => tooLong++ });
  assertEquals(text(splitter.push(bytes("one\nabcd"))), "one\n");
  for (const more of ["efg", "h".repeat(100), ""]) assertEquals(splitter.push(bytes(more)), undefined);
  assertEquals(tooLong, 1);
  assertEquals(text(splitter.push(bytes("end\ntwo\nthr"))), "two\n");
  assertEquals(text(splitter.push(bytes("ee\n"))), "three\n");
  splitter.push(bytes("abcdefgh"));
  assertEquals([splitter.end(), tooLong], [undefined, 2]);
  assertEquals(text(splitter.push(bytes("four\n"))), "four\n");
});

test("a line may arrive byte by byte", () => {
  const splitter = new LineSplitter();
  const one = new Uint8Array([0x61]);
  for (let n = 0; n < 4 * MIB; n++) splitter.push(one);
  assertEquals(splitter.end()?.byteLength, 4 * MIB);
});
