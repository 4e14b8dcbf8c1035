// A data part whose size changed between push and write (a buffer that was resized, grown, detached or
// transferred, a view out of its buffer's bounds, an array with a hole, a serializer that returned such bytes)
// shifted the data of its neighbours, or failed the whole batch. Now only its own push fails, and growth does
// not change what was pushed.
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  DefaultSerializer,
  DefaultValidator,
  Driver,
  FlushError,
  FullDataSelector,
  InvalidDataError,
  InvalidMetadataError,
  type JsonValue,
  type Producer,
  type Serializer,
  type Topic,
} from "../../mod.ts";
import { test } from "../harness.ts";
import { detach, GROWING, resizable, SHRINKING } from "../producer/changing_data.ts";
import { ScriptedTopic } from "../producer/scripted_topic.ts";

const DRIVERS: Record<string, (use: (driver: Driver) => Promise<void>) => Promise<void>> = {
  files: async (use) => {
    const root_path = await mkdtemp(join(tmpdir(), "diaspora-changed-"));
    try {
      await using driver = await Driver.open("files", { root_path });
      await use(driver);
    } finally {
      await rm(root_path, { recursive: true });
    }
  },
  memory: async (use) => {
    await using driver = await Driver.open("memory", {});
    await use(driver);
  },
};

async function inTopic(
  name: keyof typeof DRIVERS,
  use: (topic: Topic, producer: Producer) => Promise<void>,
  serializer: Serializer = new DefaultSerializer(),
): Promise<void> {
  await DRIVERS[name](async (driver) => {
    await driver.createTopic("t", { num_partitions: 1 }, { serializer });
    await using topic = await driver.openTopic("t", { serializer });
    await using producer = topic.producer("p");
    await use(topic, producer);
  });
}

/** Metadata and data of every event, the data as sizes and bytes. */
async function stored(topic: Topic): Promise<[id: number, n: JsonValue, data: string][]> {
  await using consumer = topic.consumer("c", { dataSelector: FullDataSelector });
  const events: [number, JsonValue, string][] = [];
  for await (const { id, metadata, data } of consumer.events({ until: "end" })) {
    events.push([id, metadata, `${data!.byteLength} of ${[...new Set(data)]}`]);
  }
  return events;
}

/** A stream that makes later pushes wait until `release`. */
function slowStream(): { stream: AsyncGenerator<Uint8Array>; release: () => void } {
  let release = (): void => {};
  const released = new Promise<void>((resolve) => release = resolve);
  async function* stream() {
    await released;
    yield new Uint8Array(3).fill(8);
  }
  return { stream: stream(), release };
}

for (const name of Object.keys(DRIVERS)) {
  test(`${name}: a data part that shrinks after its push fails alone`, async () => {
    for (const [what, make] of Object.entries(SHRINKING)) {
      await inTopic(name, async (topic, producer) => {
        const { data, change } = make();
        const futures = [
          producer.push(0, new Uint8Array(100).fill(1)),
          producer.push(1, data),
          producer.push(2),
          producer.push(3, new Uint8Array(20).fill(3)),
        ];
        change();
        const error = await assertRejects(() => futures[1].wait(), InvalidDataError);
        assertStringIncludes(error.message, "do not change it", what);
        assert(futures[1].completed, what);
        assertEquals(await Promise.all([futures[0], futures[2], futures[3]]), [0, 1, 2], what);
        assertEquals(await stored(topic), [[0, 0, "100 of 1"], [1, 2, "0 of "], [2, 3, "20 of 3"]], what);
      });
    }
  });

  test(`${name}: a data part that grows after its push is stored as it was pushed`, async () => {
    for (const [what, make] of Object.entries(GROWING)) {
      await inTopic(name, async (topic, producer) => {
        const { data, change } = make();
        producer.push(0, new Uint8Array(100).fill(1));
        producer.push(1, data);
        producer.push(2, new Uint8Array(20).fill(3));
        change();
        await producer.flush();
        assertEquals(await stored(topic), [[0, 0, "100 of 1"], [1, 1, "10 of 9"], [2, 2, "20 of 3"]], what);
      });
    }
  });

  test(`${name}: the same holds for data parts that wait for an earlier stream`, async () => {
    await inTopic(name, async (topic, producer) => {
      const { stream, release } = slowStream();
      const grown = new Uint8Array(resizable(10));
      const lost = new Uint8Array(10).fill(9);
      const large = new Uint8Array(2_000_000).fill(7);
      const futures = [producer.push(0, stream)];
      const flushed = producer.flush();
      futures.push(
        producer.push(1, grown),
        producer.push(2, lost),
        producer.push(3, new Uint8Array(5).fill(5)),
      );
      // Alone in its batch, so nothing is left to store.
      futures.push(producer.push(4, large));
      await new Promise((resolve) => setTimeout(resolve, 5));
      (grown.buffer as ArrayBuffer).resize(50);
      detach(lost.buffer);
      detach(large.buffer);
      futures.push(producer.push(5, new Uint8Array(6).fill(6)));
      release();
      for (const index of [2, 4]) await assertRejects(() => futures[index].wait(), InvalidDataError);
      await flushed;
      assertEquals(await Promise.all([0, 1, 3, 5].map((index) => futures[index])), [0, 1, 2, 3]);
      assertEquals(await stored(topic), [[0, 0, "3 of 8"], [1, 1, "10 of 9"], [2, 3, "5 of 5"], [
        3,
        5,
        "6 of 6",
      ]]);
    });
  });

  test(`${name}: a stream's chunks may change after they are read; a chunk that already changed is refused`, async () => {
    await inTopic(name, async (topic, producer) => {
      async function* reusing() {
        const buffer = resizable(10);
        yield new Uint8Array(buffer);
        new Uint8Array(buffer).fill(4);
        buffer.resize(2);
        yield new Uint8Array(buffer);
        await Promise.resolve();
        detach(buffer);
      }
      async function* detached() {
        const bytes = new Uint8Array(10);
        detach(bytes.buffer);
        yield bytes;
      }
      assertEquals(await producer.push(0, reusing()), 0);
      await assertRejects(() => producer.push(1, detached()).wait(), InvalidDataError, "of the stream");
      assertEquals(await producer.push(2), 1);
      assertEquals(await stored(topic), [[0, 0, "12 of 9,4"], [1, 2, "0 of "]]);
    });
  });

  test(`${name}: bytes that a serializer detaches or reuses do not change the event`, async () => {
    const buffer = resizable(100);
    let made: Uint8Array | undefined;
    class Reusing extends DefaultSerializer {
      override readonly writesJsonText = false as never;
      override serialize(metadata: JsonValue) {
        const text = super.serialize(metadata);
        if (metadata === "lost") detach((made = new TextEncoder().encode(text)).buffer as ArrayBuffer);
        else if (metadata === "later") made = new TextEncoder().encode(text);
        else {
          buffer.resize(100);
          const { written } = new TextEncoder().encodeInto(text, new Uint8Array(buffer));
          buffer.resize(written);
          return new Uint8Array(buffer) as never;
        }
        return made as never;
      }
    }
    await inTopic(name, async (topic, producer) => {
      const pushed = ["a", "lost", "longer", "later", "b"].map((text) => producer.push(JSON.stringify(text)));
      detach(made!.buffer as ArrayBuffer);
      detach(buffer);
      await assertRejects(() => pushed[1].wait(), InvalidMetadataError, "the serializer gave are detached");
      await producer.flush();
      assertEquals((await stored(topic)).map(([, metadata]) => metadata), ["a", "longer", "later", "b"]);
    }, new Reusing());
  });
}

test("a data part detached before its push is refused at once, by name", async () => {
  const topic = new ScriptedTopic();
  await using producer = topic.producer();
  const array = new Uint8Array(10);
  const floats = new Float64Array(4);
  const view = new DataView(new ArrayBuffer(4));
  const buffer = new ArrayBuffer(4);
  for (const { buffer: lost } of [array, floats, view]) detach(lost);
  detach(buffer);
  const bounds = resizable(20);
  const outOfBounds = [
    new Uint8Array(bounds, 10, 10),
    new Uint16Array(bounds, 10, 5),
    new DataView(bounds, 10, 10),
  ];
  bounds.resize(12);
  const fine = new Uint8Array(2);
  for (const data of [array, floats, view, buffer, ...outOfBounds, [fine, array], [fine, view, fine]]) {
    const error = await assertRejects(() => producer.push(1, data).wait(), InvalidDataError);
    assertStringIncludes(error.message, "detached or smaller than the view");
    if (Array.isArray(data)) assertStringIncludes(error.message, "at index 1");
  }
  // deno-lint-ignore no-sparse-arrays
  const hole = [fine, , fine] as Uint8Array[];
  await assertRejects(() => producer.push(1, hole).wait(), InvalidDataError, "found undefined at index 1");
  assertEquals(topic.handed, []);
});

test("a data part has its size at the push, however long its validator takes", async () => {
  class Slow extends DefaultValidator {
    override readonly acceptsAll = false as never;
    override async validate() {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  const topic = new ScriptedTopic();
  await using producer = topic.producer({}, { validator: new Slow() });
  const [grown, lost, list] = [new Uint8Array(resizable(10)), new Uint8Array(4), [new Uint8Array(3)]];
  const pushes = [producer.push(0, grown), producer.push(1, lost), producer.push(2, list)];
  (grown.buffer as ArrayBuffer).resize(11);
  detach(lost.buffer);
  list.push(new Uint8Array(9));
  await assertRejects(() => pushes[1].wait(), InvalidDataError);
  await producer.flush();
  assertEquals(topic.handed.flatMap(({ sizes }) => sizes), [10, 3]);
});

test("pushes whose data changed fail the next flush, unless their futures were observed", async () => {
  const topic = new ScriptedTopic();
  await using producer = topic.producer();
  const lost = Array.from({ length: 4 }, () => new Uint8Array(4));
  const futures = lost.map((data, n) => [producer.push(n), producer.push(n, data)][1]);
  const early = assertRejects(() => futures[0].wait(), InvalidDataError);
  for (const { buffer } of lost) detach(buffer);
  await early;
  await assertRejects(() => futures[3].wait(), InvalidDataError);
  const error = await assertRejects(() => producer.flush().wait(), FlushError, "2 pushes failed");
  assert(error.cause instanceof InvalidDataError);
  await assertRejects(() => futures[1].wait(), InvalidDataError);
  await producer.flush();
  assertEquals(topic.batches, [["0", "1", "2", "3"]]);
});

test("a waiting batch keeps filling after some of its events failed", async () => {
  const topic = new ScriptedTopic();
  topic.answer = "later";
  topic.blocking = () => undefined;
  await using producer = topic.producer({ batchSize: 3, maxNumBatches: 1 });
  const first = [0, 1, 2].map((n) => producer.push(n));
  const lost = new Uint8Array(4);
  const rest = [producer.push(3), producer.push(4, lost)];
  detach(lost.buffer);
  const flushed = producer.flush();
  rest.push(producer.push(5), producer.push(6, new Uint8Array(2)));
  await assertRejects(() => rest[1].wait(), InvalidDataError);
  topic.answer = "now";
  topic.handed[0].store();
  await flushed;
  assertEquals(await Promise.all([...first, rest[0], rest[2], rest[3]]), [0, 1, 2, 3, 4, 5]);
  assertEquals(topic.handed.map(({ metadata, sizes }) => [metadata, sizes]), [
    [["0", "1", "2"], [0, 0, 0]],
    [["3", "5", "6"], [0, 0, 2]],
  ]);
});
