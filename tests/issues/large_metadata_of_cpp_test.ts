// Metadata of more than 16 MiB stopped an import from the C++ library, and the only way out was to lose all
// later events. Now the import can skip such events, or move the metadata to the data part; what it counts, and
// what it reports as compared, is what is stored.
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import {
  ContentMismatchError,
  FullDataSelector,
  InvalidOptionError,
  LimitExceededError,
  type Topic,
} from "../../mod.ts";
import { importCppFiles, type LargeMetadataOptions } from "../../src/cpp_files/mod.ts";
import { type Place, withPlace } from "../cpp_files/sample.ts";
import { record, type StoredEvent, writeTopic } from "../cpp_files/store.ts";
import { test } from "../harness.ts";

const LARGE = `{"pad":"${"é".repeat(200)}"}`;
const OTHER = `{"pad":"${"x".repeat(600)}"}`;
const EVENTS: StoredEvent[] = ["1", LARGE, "3", OTHER, OTHER, "6"].map((text, n) => ({
  metadata: record(text),
  data: new Uint8Array(n),
}));

function importing({ cppRoot: rootPath, driver }: Place, options: LargeMetadataOptions = {}) {
  const warnings: string[] = [];
  const request = {
    rootPath,
    topic: "t",
    driver,
    onWarning: (text: string) => warnings.push(text),
    ...options,
  };
  return { warnings, run: () => importCppFiles(request) };
}

async function stored(topic: Topic): Promise<[number, string, number][]> {
  await using consumer = topic.consumer("check", { dataSelector: FullDataSelector });
  const events: [number, string, number][] = [];
  for await (const event of consumer.events({ until: "end" })) {
    events.push([event.id, event.metadataText, event.dataDescriptor.size]);
  }
  return events;
}

test("events with too much metadata are skipped, counted and named, and the import can go on later", async () => {
  await withPlace(async (place) => {
    const options: LargeMetadataOptions = { largeMetadata: "skip", metadataBytesMax: 300 };
    writeTopic(place.cppRoot, "t", { partitions: [[EVENTS[0]], EVENTS.slice(0, 4)] });
    const first = importing(place, options);
    const { events, skippedEvents, partitions } = await first.run();
    assertEquals([events, skippedEvents], [3, 2]);
    assertEquals(partitions.map((one) => [one.events, one.skippedEvents]), [[1, 0], [2, 2]]);
    assertEquals(first.warnings, [
      "Skipped with more than 300 bytes of metadata: events 1, 3 of partition 1; later events have lower ids than in C++",
    ]);
    writeTopic(place.cppRoot, "t", { partitions: [[EVENTS[0]], EVENTS] });
    const again = await importing(place, options).run();
    assertEquals(again.partitions.map((one) => [one.events, one.skippedEvents, one.resumedEvents]), [
      [1, 0, 1],
      [3, 3, 2],
    ]);
    await using topic = await place.driver.openTopic("t");
    assertEquals(await stored(topic), [[0, "1", 0], [0, "1", 0], [1, "3", 2], [2, "6", 5]]);
    // With another choice, the stored content differs.
    await assertRejects(importing(place).run, ContentMismatchError, "different metadata");
  });
});

test("metadata that is too large is moved after the data, byte for byte", async () => {
  await withPlace(async (place) => {
    const options: LargeMetadataOptions = { largeMetadata: "data", metadataBytesMax: 300 };
    writeTopic(place.cppRoot, "t", { partitions: [EVENTS] });
    for (const resumed of [0, 6]) {
      const { run, warnings } = importing(place, options);
      const { events, movedMetadataEvents, partitions } = await run();
      assertEquals([events, movedMetadataEvents, partitions[0].resumedEvents], [6, 3, resumed]);
      assertEquals(warnings, [
        "Moved to the end of the data part, with more than 300 bytes of metadata: events 1, 3, 4 of partition 0",
      ]);
    }
    await using topic = await place.driver.openTopic<{ large_metadata: { offset: number; bytes: number } }>(
      "t",
    );
    assertEquals(
      (await stored(topic)).map(([id, , size]) => [id, size]),
      [[0, 0], [1, 411], [2, 2], [3, 613], [4, 614], [5, 5]],
    );
    await using consumer = topic.consumer("reader", { from: { id: 1 } });
    const event = await consumer.pull();
    const { offset, bytes } = event.metadata.large_metadata;
    const metadata = await event.loadData(event.dataDescriptor.makeSubView(offset, bytes));
    assertEquals(new TextDecoder().decode(metadata), LARGE);
    assertEquals([...await event.loadData(event.dataDescriptor.makeSubView(0, offset))], [0]);

    // What no longer matches is reported, even if it is in the data part.
    const changed = EVENTS.with(1, { ...EVENTS[1], metadata: record(LARGE.replace("é", "è")) });
    writeTopic(place.cppRoot, "t", { partitions: [changed] });
    await assertRejects(
      importing(place, options).run,
      ContentMismatchError,
      "event 1 of partition 0 has different data",
    );
  });
});

test("metadata beyond the limit of the engine is reported with the remedies, and skipped or moved", async () => {
  await withPlace(async (place) => {
    const large = { metadata: record(`"${"x".repeat((16 << 20) - 1)}"`) };
    writeTopic(place.cppRoot, "t", { partitions: [[EVENTS[0], large, EVENTS[2]]] });
    const error = await assertRejects(importing(place).run, LimitExceededError);
    for (
      const part of [
        "Cannot import event 1 of partition 0 (",
        join(place.cppRoot, "t/partitions/00000000/metadata"),
        "16777217 bytes of metadata",
        "--large-metadata skip",
        "--large-metadata data",
        "--partial",
      ]
    ) assertStringIncludes(error.message, part);
    assertEquals(await place.driver.topicExists("t"), false);
    const { movedMetadataEvents, dataBytes } = await importing(place, { largeMetadata: "data" }).run();
    assertEquals([movedMetadataEvents, dataBytes], [1, (16 << 20) + 1 + 2]);
    await place.driver.deleteTopic("t");
    const { events, skippedEvents } = await importing(place, { largeMetadata: "skip" }).run();
    assertEquals([events, skippedEvents], [2, 1]);
  });
});

test("too much metadata is refused at a given limit, and invalid options are named", async () => {
  await withPlace(async (place) => {
    writeTopic(place.cppRoot, "t", { partitions: [EVENTS] });
    const { run } = importing(place, { metadataBytesMax: 500 });
    await assertRejects(run, LimitExceededError, "Cannot import event 3 of partition 0");
    await assertRejects(run, LimitExceededError, "it has 610 bytes of metadata, more than 500");
    for (
      const [options, message] of [
        [{ largeMetadata: "drop" as "skip" }, '"skip", "data"'],
        [{ metadataBytesMax: 0 }, '"metadataBytesMax"'],
        [{ metadataBytesMax: 1.5 }, '"metadataBytesMax"'],
      ] as [LargeMetadataOptions, string][]
    ) await assertRejects(importing(place, options).run, InvalidOptionError, message);
    assertEquals(await place.driver.topicExists("t"), false);
  });
});

test("metadata of another serializer is skipped; its replacement when moved must be writable", async () => {
  await withPlace(async (place) => {
    const event = (size: number) => ({ metadata: new Uint8Array(size).fill(7) });
    writeTopic(place.cppRoot, "t", { partitions: [[event(1), event(9), event(2)]] });
    const serializer = {
      serialize: (metadata: unknown) => {
        if (typeof metadata !== "number") throw new Error("it is not a number");
        return new Uint8Array(metadata).fill(7);
      },
      deserialize: (bytes: Uint8Array) => bytes.length,
      config: () => ({ type: "Numbers:./numbers.ts" }),
    };
    const options = { metadataBytesMax: 8, components: { serializer } };
    const moving = importing(place, { ...options, largeMetadata: "data" });
    await assertRejects(moving.run, InvalidOptionError, "cannot write {");
    const { events, skippedEvents } = await importing(place, { ...options, largeMetadata: "skip" }).run();
    assertEquals([events, skippedEvents], [2, 1]);
  });
});
