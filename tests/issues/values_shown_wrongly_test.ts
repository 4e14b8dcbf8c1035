// Errors showed something else than the value that was wrong: `{ time: NaN }` as `{"time":null}`, `{ id: 5n }` as
// "[object Object]", `{ id: 5, x: undefined }` as the valid `{"id":5}`, a set as `{}`; "Cannot use partition 0: the
// topic has 3" was about the BigInt `0n`, and "size 5 is not a whole number" about the text "5". Options in a `Map`
// counted as none, and the URL "file:///data" as a relative path, for which a folder "file:" was made. `event.dataSize`, which `console.log(event)` shows, was undefined.
import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import {
  AllocationError,
  DataDescriptor,
  DataRangeError,
  Driver,
  InvalidConsumerNameError,
  InvalidDataError,
  InvalidMetadataError,
  InvalidOptionError,
  NoSuchPartitionError,
  type Topic,
} from "../../mod.ts";
import { test } from "../harness.ts";

async function withTopic(use: (topic: Topic) => Promise<void> | void): Promise<void> {
  await using driver = await Driver.open("memory", {});
  await driver.createTopic("t", { num_partitions: 3 });
  await using topic = await driver.openTopic("t");
  await use(topic);
}

test("an error about an option shows the value as it was given", async () => {
  await withTopic((topic) => {
    for (
      const [from, shown] of [
        [{ time: NaN }, '{"time":"NaN"}'],
        [{ id: 5n }, '{"id":"5n"}'],
        [{ id: 5, x: undefined }, '{"id":5,"x":"undefined"}'],
        [new Map([["id", 5]]), "Map {}"],
        [{}, "{}"],
      ] as const
    ) {
      const { message } = assertThrows(
        () => topic.consumer("c", { from: from as never }),
        InvalidOptionError,
      );
      assertStringIncludes(message, `Cannot use ${shown} as consumer option "from"`);
    }
    assertThrows(() => topic.consumer("c", { partitions: new Set([1]) as never }), Error, "use Set {} as");
    assertThrows(() => topic.consumer("c", { partitions: [1n] as never }), NoSuchPartitionError, "1n");
    assertThrows(() => new DataDescriptor("5" as never), DataRangeError, 'size "5" is not');
    assertThrows(() => new DataDescriptor(9).makeSubView(0, 5n as never), DataRangeError, "size 5n is not");
  });
});

test("a consumer without a name is refused with where the name goes", async () => {
  await withTopic((topic) => {
    for (const name of [undefined, { from: "latest" }]) {
      assertThrows(
        () => topic.consumer(name as never),
        InvalidConsumerNameError,
        "topic.consumer(name, options)",
      );
    }
  });
});

test("options in a map are refused, since they would be ignored", async () => {
  const options = new Map([["root_path", "/elsewhere"]]);
  await assertRejects(() => Driver.open("files", options as never), InvalidOptionError, "an object");
  await withTopic((topic) => {
    assertThrows(() => topic.consumer("c", new Map() as never), InvalidOptionError, "expected an object");
    assertThrows(() => topic.producer("p", new Map() as never), InvalidOptionError, "expected an object");
  });
});

test("a URL is not taken for a relative path", async () => {
  for (const root_path of ["file:///data", "https://example.org/data"]) {
    await assertRejects(() => Driver.open("files", { root_path }), InvalidOptionError, "no URL");
  }
  // The last one is a path on a drive of Windows.
  for (const root_path of ["./a:/b", "C://data"]) await (await Driver.open("files", { root_path })).close();
});

test("an option that only a new topic can have is called fixed, not unknown", async () => {
  await withTopic(async (topic) => {
    await assertRejects(
      () => topic.edit({ num_partitions: 5 }),
      InvalidOptionError,
      'Cannot change topic option "num_partitions": a topic keeps the "num_partitions" it was created with',
    );
  });
});

test("an event has the data size that it prints, also if its data was not selected", async () => {
  await withTopic(async (topic) => {
    await using producer = topic.producer();
    await producer.push({}, new Uint8Array(7), { partition: 0 });
    await using consumer = topic.consumer("c", { partitions: [0] });
    const event = await consumer.pull();
    assertEquals([event.dataSize, event.data, event.toJSON().dataSize], [7, undefined, 7]);
  });
});

test("text as data, and what an allocator gives that has no bytes to fill, are refused with what to give instead", async () => {
  await withTopic(async (topic) => {
    await using producer = topic.producer();
    await assertRejects(
      () => producer.push({}, "hello" as never).wait(),
      InvalidDataError,
      "found string; push text as bytes: new TextEncoder().encode(text)",
    );
    await assertRejects(
      () => producer.push({}, [1.5, 2] as never).wait(),
      InvalidDataError,
      "found number at index 0; push numbers in a typed array, e.g. Float64Array.from(numbers)",
    );
    await producer.push({}, new Uint8Array(7), { partition: 0 });
    await producer.flush().wait().catch(() => {});
    await using consumer = topic.consumer("c", { dataAllocator: () => "1234567" as never });
    await assertRejects(() => consumer.pull().wait(), AllocationError, "gave string, expected a buffer");
  });
});

test("an object that hides its content from JSON is refused as metadata", async () => {
  function* generator() {
    yield 1;
  }
  await withTopic(async (topic) => {
    await using producer = topic.producer();
    for (const hidden of [new Blob(["x"]), generator()]) {
      const { message } = await assertRejects(
        () => producer.push({ hidden } as never).wait(),
        InvalidMetadataError,
      );
      assertStringIncludes(message, 'at "/hidden"');
    }
    await assertRejects(() => producer.push(new ArrayBuffer(1) as never).wait(), Error, "an ArrayBuffer");
    class Point {
      x = 1;
    }
    assertEquals(await producer.push({ point: new Point(), none: {}, date: new Date(0) } as never), 0);
    await producer.flush().wait().catch(() => {});
  });
});
