// Repeating an export to C++ failed with "already exists", two at the same time with ENOENT; C++ topics with
// names such as `.hidden` or `k/l` could not be imported at all; and a double that the C++ library writes with
// more digits than necessary was exported with the fewest.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { InvalidTopicNameError, TopicExistsError, TransferInProgressError } from "../../mod.ts";
import { exportCppFiles, importCppFiles } from "../../src/cpp_files/mod.ts";
import { cppNumber } from "../../src/cpp_files/number_text.ts";
import { SAMPLE_ROOT, withPlace } from "../cpp_files/sample.ts";
import { record, writeTopic } from "../cpp_files/store.ts";
import { test } from "../harness.ts";

function contentOf(folder: string): [string, string][] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    .map(({ parentPath, name }): [string, string] => {
      const path = join(parentPath, name);
      return [path.slice(folder.length), readFileSync(path).toString("base64")];
    }).sort(([one], [other]) => one < other ? -1 : 1);
}

test("repeating an export changes nothing, and exporting other events over it is refused", async () => {
  await withPlace(async ({ driver, cppRoot }) => {
    for (const name of ["sample", "schema", "empty"]) {
      await importCppFiles({ rootPath: SAMPLE_ROOT, topic: name, driver });
      await using topic = await driver.openTopic(name);
      const first = await exportCppFiles({ topic, rootPath: cppRoot });
      const again = await exportCppFiles({ topic, rootPath: cppRoot });
      assertEquals([again.events, again.metadataBytes, again.dataBytes], [
        first.events,
        first.metadataBytes,
        first.dataBytes,
      ]);
      assertEquals(
        again.partitions.map(({ resumedEvents }) => resumedEvents),
        first.partitions.map(({ events }) => events),
      );
      assertEquals(contentOf(join(cppRoot, name)), contentOf(join(SAMPLE_ROOT, name)));
    }
    await using topic = await driver.openTopic("schema");
    await using producer = topic.producer();
    await producer.push({ i: 1 });
    await assertRejects(() => exportCppFiles({ topic, rootPath: cppRoot }), TopicExistsError);
    assertEquals(contentOf(join(cppRoot, "schema")), contentOf(join(SAMPLE_ROOT, "schema")));
    await using other = await driver.openTopic("empty");
    await assertRejects(
      () => exportCppFiles({ topic: other, rootPath: cppRoot, into: "schema" }),
      TopicExistsError,
    );
    await driver.createTopic("data", { num_partitions: 1 });
    await using data = await driver.openTopic("data");
    await using dataProducer = data.producer();
    await dataProducer.push(1, new Uint8Array([1, 2]));
    writeTopic(cppRoot, "data", {
      validator: '{\n  "type": "default"\n}',
      serializer: '{\n  "type": "default"\n}',
      "partition-selector": '{\n  "type": "default"\n}',
      partitions: [[{ metadata: record("1"), data: new Uint8Array([1, 3]) }]],
    });
    await assertRejects(() => exportCppFiles({ topic: data, rootPath: cppRoot }), TopicExistsError);
  });
});

test("of two simultaneous exports to one place the second is refused, and the first is complete", async () => {
  await withPlace(async ({ driver, cppRoot }) => {
    await importCppFiles({ rootPath: SAMPLE_ROOT, topic: "sample", driver });
    await using topic = await driver.openTopic("sample");
    const results = await Promise.allSettled([1, 2].map(() => exportCppFiles({ topic, rootPath: cppRoot })));
    const failed = results.flatMap((result) => result.status === "rejected" ? [result.reason] : []);
    assertEquals(failed.length, 1, failed.join("\n"));
    assert(failed[0] instanceof TransferInProgressError, String(failed[0]));
    assertEquals(contentOf(join(cppRoot, "sample")), contentOf(join(SAMPLE_ROOT, "sample")));
    assertEquals(readdirSync(cppRoot), ["sample"]);
  });
});

test("C++ topics with names that are invalid here are imported under another name", async () => {
  await withPlace(async ({ driver, cppRoot }) => {
    for (const name of [".hid", "k/l", "a:b"]) {
      writeTopic(cppRoot, name, { partitions: [[{ metadata: record("1") }]] });
      await assertRejects(
        () => importCppFiles({ rootPath: cppRoot, topic: name, driver }),
        InvalidTopicNameError,
      );
      const into = `t${name.length}${name.at(-1)}`;
      const { events } = await importCppFiles({ rootPath: cppRoot, topic: name, driver, into });
      assertEquals(events, 1);
    }
    for (const name of ["", "..", "../cpp/k", "k/../k", "/k", "k/", "k//l", "k\0", "."]) {
      await assertRejects(
        () => importCppFiles({ rootPath: cppRoot, topic: name, driver, into: "x" }),
        InvalidTopicNameError,
      );
    }
    assert(!existsSync(join(cppRoot, "x")));
  });
});

/** A number, and how the C++ library writes it. */
const NUMBERS: [string, string][] = [
  ["4.515e-297", "4.5150000000000003e-297"],
  ["4.5150000000000003e-297", "4.5150000000000003e-297"],
  ["-4.515e-297", "-4.5150000000000003e-297"],
  ["0.1", "0.1"],
  ["3.0", "3.0"],
  ["1e-300", "1e-300"],
  ["1.5e20", "1.5e+20"],
  ["-0.0", "-0.0"],
  ["0.0001", "0.0001"],
  ["0.00001", "1e-05"],
  ["123456789012345.0", "123456789012345.0"],
  ["1234567890123456.0", "1.234567890123456e+15"],
  ["5e-324", "5e-324"],
  ["1.7976931348623157e308", "1.7976931348623157e+308"],
  ["2.2250738585072014e-308", "2.2250738585072014e-308"],
  ["120.5", "120.5"],
  ["1e22", "1e+22"],
];

for (const [number, expected] of NUMBERS) {
  test(`the C++ library writes ${number} as ${expected}, and so does an export`, () => {
    assertEquals(cppNumber(number), expected);
  });
}

test("every double that is written reads back unchanged", () => {
  const view = new DataView(new ArrayBuffer(8));
  let state = 1;
  const random32 = (): number => state = Math.imul(state, 1664525) + 1013904223 >>> 0;
  for (let round = 0; round < 20_000; round++) {
    view.setUint32(0, random32());
    view.setUint32(4, random32());
    const value = view.getFloat64(0);
    if (!Number.isFinite(value)) continue;
    const text = cppNumber(value.toExponential());
    assert(Object.is(Number(text), value), `${value} became ${text}`);
    assertEquals(cppNumber(text), text);
  }
});
