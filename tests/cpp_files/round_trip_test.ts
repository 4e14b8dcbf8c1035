// What the C++ library wrote is imported unchanged, and exported as the same bytes.
import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { FullDataSelector, type JsonValue } from "../../mod.ts";
import { exportCppFiles, importCppFiles } from "../../src/cpp_files/mod.ts";
import { test } from "../harness.ts";
import { SAMPLE_EXPECTED, SAMPLE_ROOT, withPlace } from "./sample.ts";

/** Every file under a folder, with its content. */
function contentOf(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true }).map(String).sort()
    .filter((name) => statSync(join(folder, name)).isFile());
  return new Map(files.map((name) => [name, readFileSync(join(folder, name)).toString("base64")]));
}

test(
  "a topic of the C++ library is imported event by event as it was pushed",
  async () => {
    await withPlace(async ({ driver }) => {
      const { events, partitions } = await importCppFiles({ rootPath: SAMPLE_ROOT, topic: "sample", driver });
      assertEquals([events, partitions.map((partition) => partition.events)], [1000, [334, 333, 333]]);
      await using topic = await driver.openTopic("sample");
      await using consumer = topic.consumer("check", { dataSelector: FullDataSelector });
      const found = new Map<string, { metadata: JsonValue; size: number; sum: string }>();
      for await (const { partition, id, metadata, data } of consumer.events({ until: "end" })) {
        const sum = createHash("sha256").update(data!).digest("hex");
        found.set(`${partition}/${id}`, { metadata, size: data!.length, sum });
      }
      assertEquals(found.size, 1000);
      for (const line of readFileSync(SAMPLE_EXPECTED, "utf8").trimEnd().split("\n")) {
        const expected = JSON.parse(line);
        const event = found.get(`${expected.partition}/${expected.id}`)!;
        assertEquals(event, {
          metadata: expected.metadata,
          size: expected.data_size,
          sum: expected.data_sha256,
        });
      }
    });
  },
);

test("numbers beyond a double are imported digit by digit", async () => {
  await withPlace(async ({ driver }) => {
    await importCppFiles({ rootPath: SAMPLE_ROOT, topic: "sample", driver });
    await using topic = await driver.openTopic("sample");
    await using consumer = topic.consumer("check", { partitions: [0] });
    const texts: string[] = [];
    for await (const { metadataText } of consumer.events({ until: "end" })) texts.push(metadataText);
    const numbers = texts.filter((text) => text.includes('"kind":"numbers"'));
    assert(numbers.length > 30);
    for (const text of numbers) {
      assert(/"imin":-9223372036854775808,/.test(text) && /"umax":18446744073709551615,/.test(text), text);
    }
  });
});

for (const name of ["sample", "empty", "schema"]) {
  test(`topic "${name}" is exported to C++ byte for byte`, async () => {
    await withPlace(async ({ driver, cppRoot }) => {
      const imported = await importCppFiles({ rootPath: SAMPLE_ROOT, topic: name, driver });
      await using topic = await driver.openTopic(name);
      const exported = await exportCppFiles({ topic, rootPath: cppRoot });
      assertEquals(exported, imported);
      assertEquals(contentOf(join(cppRoot, name)), contentOf(join(SAMPLE_ROOT, name)));
    });
  });
}

test("metadata in any formatting is exported as the C++ library writes it", async () => {
  await withPlace(async ({ driver, cppRoot }) => {
    await driver.createTopic("t", { num_partitions: 1 });
    await using topic = await driver.openTopic("t");
    await using producer = topic.producer();
    producer.push('{ "z": 1.50, "a": "\\u00e9", "big": 18446744073709551615 }', new Uint8Array([1, 2]));
    producer.push({ y: 2, x: [] });
    producer.push("null", [new Uint8Array([3]), new Uint8Array(0), new Uint8Array([4, 5])]);
    await producer.flush();
    const sums = await exportCppFiles({ topic, rootPath: cppRoot, into: "u" });
    const folder = join(cppRoot, "u/partitions/00000000");
    const texts = ['{"a":"é","big":18446744073709551615,"z":1.5}', '{"x":[],"y":2}', "null"];
    const bytes = texts.map((text) => new TextEncoder().encode(text));
    assertEquals([sums.events, sums.dataBytes], [3, 5]);
    assertEquals(sums.metadataBytes, bytes.reduce((sum, { length }) => sum + length, 0));
    const metadata = readFileSync(join(folder, "metadata"));
    let at = 0;
    for (const text of bytes) {
      assertEquals(metadata.readBigUInt64LE(at), BigInt(text.length));
      assertEquals(new Uint8Array(metadata.subarray(at + 8, at + 8 + text.length)), text);
      at += 8 + text.length;
    }
    assertEquals(at, metadata.length);
    assertEquals([...readFileSync(join(folder, "data"))], [1, 2, 3, 4, 5]);
    const index = readFileSync(join(folder, "index"));
    const numbers = Array.from({ length: index.length / 8 }, (_, n) => Number(index.readBigUInt64LE(n * 8)));
    const [first, second, third] = bytes.map(({ length }) => 8 + length);
    assertEquals(numbers, [
      ...[0, first, 0, 2],
      ...[first, second, 2, 0],
      ...[first + second, third, 2, 3],
    ]);
  });
});

test("a topic that C++ created and never opened is imported as empty", async () => {
  await withPlace(async ({ driver, cppRoot }) => {
    for (const partition of ["00000000", "00000003"]) {
      mkdirSync(join(cppRoot, "fresh/partitions", partition), { recursive: true });
    }
    const { events, partitions } = await importCppFiles({ rootPath: cppRoot, topic: "fresh", driver });
    assertEquals([events, partitions.length], [0, 4]);
    await using topic = await driver.openTopic("fresh");
    assertEquals(topic.partitions.length, 4);
  });
});

test("data parts of seventy megabytes are exported and imported in pieces", async () => {
  await withPlace(async ({ driver, cppRoot }) => {
    await driver.createTopic("large", { num_partitions: 1 });
    await using topic = await driver.openTopic("large");
    await using producer = topic.producer();
    const size = 70_000_001;
    const data = new Uint8Array(size);
    for (let at = 0; at < size; at += 4099) data[at] = at % 251;
    await producer.push({ n: 1 }, data);
    await producer.push({ n: 2 }, new Uint8Array([1]));
    await exportCppFiles({ topic, rootPath: cppRoot });
    const { dataBytes } = await importCppFiles({ rootPath: cppRoot, topic: "large", driver, into: "back" });
    assertEquals(dataBytes, size + 1);
    await using back = await driver.openTopic("back");
    await using consumer = back.consumer("check", { dataSelector: FullDataSelector });
    const event = await consumer.pull();
    assert(Buffer.compare(event.data!, data) === 0);
  });
});
