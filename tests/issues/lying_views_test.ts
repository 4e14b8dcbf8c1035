// A view may say of itself that it has more bytes than it has: a class of its own, or a property, answers instead of
// the runtime. Room was made for as many as it said; the bytes that were missing became whatever lay in memory there:
// parts of events of other topics. And a proxy of a view, a getter or an array of getters failed without a code.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type DataPart,
  Driver,
  FullDataSelector,
  type Future,
  InvalidDataError,
  InvalidMetadataError,
  type Producer,
  type Serializer,
  type Topic,
} from "../../mod.ts";
import { test } from "../harness.ts";

class Boastful extends Uint8Array {
  override get byteLength(): number {
    return 7;
  }
  override get length(): number {
    return 7;
  }
}

class Modest extends Uint8Array {
  override get byteLength(): number {
    return 2;
  }
}

function withProperty(): Uint8Array {
  return Object.defineProperty(new Uint8Array(4), "byteLength", { value: 100 });
}

/** Its other size is right. */
function withLength(): Uint8Array {
  return Object.defineProperty(new Uint8Array([8, 8]), "length", { value: 100 });
}

function arrayOfGetters(): Uint8Array[] {
  return Object.defineProperty([], 0, {
    get: () => {
      throw new Error("not today");
    },
    enumerable: true,
  });
}

async function* streamOf(piece: Uint8Array): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  yield piece;
}

const REFUSED: Record<string, () => DataPart> = {
  "a class that says more": () => new Boastful(4),
  "a property that says more": withProperty,
  "one of several pieces that says more": () => [new Uint8Array(2), withProperty()],
  "a piece of a stream that says more": () => streamOf(new Boastful(4)),
  "a proxy of a view": () => new Proxy(new Uint8Array(4), {}),
  "an array that throws": arrayOfGetters,
};

const STORED: Record<string, () => DataPart> = {
  "a class that says less": () => new Modest([8, 8, 8, 8]),
  "a view whose length alone says more": withLength,
  "a Buffer's kind of class": () => new (class extends Uint8Array {})([8, 8]),
};

async function inTopic(
  name: string,
  use: (topic: Topic, producer: Producer, driver: Driver) => Promise<void>,
): Promise<void> {
  const root_path = name === "files" ? await mkdtemp(join(tmpdir(), "diaspora-lying-")) : undefined;
  try {
    await using driver = await Driver.open(name, root_path === undefined ? {} : { root_path });
    await driver.createTopic("t", { num_partitions: 1 });
    await using topic = await driver.openTopic("t");
    await using producer = topic.producer();
    await use(topic, producer, driver);
  } finally {
    if (root_path !== undefined) await rm(root_path, { recursive: true });
  }
}

async function dataOf(topic: Topic): Promise<string[]> {
  await using consumer = topic.consumer("c", { dataSelector: FullDataSelector });
  const found: string[] = [];
  for await (const { data } of consumer.events({ until: "end" })) found.push(data!.join());
  return found;
}

/** What a push was refused with, and that its neighbours were not. */
async function refusedBetween<T>(producer: Producer, push: () => Future<T>): Promise<unknown> {
  const before = producer.push({ n: 1 }, new Uint8Array([1, 1]));
  const between = push();
  const after = producer.push({ n: 2 }, new Uint8Array([2, 2]));
  const refused = await between.then(() => undefined, (error: unknown) => error);
  assertEquals([await before, await after], [0, 1]);
  return refused;
}

for (const driver of ["files", "memory"]) {
  for (const [what, make] of Object.entries(REFUSED)) {
    test(`as data, ${what} is refused alone, on ${driver}`, () =>
      inTopic(driver, async (topic, producer) => {
        const error = await refusedBetween(producer, () => producer.push({ n: 0 }, make()));
        assertEquals((error as Error | undefined)?.name, InvalidDataError.name);
        assertEquals(await dataOf(topic), ["1,1", "2,2"]);
      }));
  }

  for (const [what, make] of Object.entries(STORED)) {
    test(`as data, ${what} is stored as it is, on ${driver}`, () =>
      inTopic(driver, async (topic, producer) => {
        await producer.push({ n: 0 }, make());
        assertEquals(await dataOf(topic), ["8,8"]);
      }));
  }

  for (const size of ["length", "byteLength"]) {
    test(`as data, a view whose ${size} says more once it was pushed is stored as it is, on ${driver}`, () =>
      inTopic(driver, async (topic, producer) => {
        const [alone, piece] = [new Uint8Array([8, 8]), new Uint8Array([9])];
        const pushed = [producer.push({ n: 0 }, alone), producer.push({ n: 1 }, [piece])];
        for (const view of [alone, piece]) Object.defineProperty(view, size, { value: 100 });
        assertEquals(await Promise.all(pushed), [0, 1]);
        assertEquals(await dataOf(topic), ["8,8", "9"]);
      }));
  }

  test(`bytes of a serializer that say they are more are stored as they are, on ${driver}`, async () => {
    const serializer: Serializer = {
      serialize: (metadata) => new Boastful(new TextEncoder().encode(JSON.stringify(metadata))),
      deserialize: (bytes) => JSON.parse(new TextDecoder().decode(bytes)),
      config: () => ({ type: "default" }),
    };
    await inTopic(driver, async (_topic, _producer, store) => {
      await using opened = await store.openTopic("t", { serializer });
      await using producer = opened.producer();
      await producer.push({ of: "a serializer" });
      const event = await opened.consumer("c").pull().wait(-1);
      assertEquals(event?.metadata, { of: "a serializer" });
    });
  });

  test(`options that are null, and a partition that is text, are refused by name, on ${driver}`, () =>
    inTopic(driver, async (_, producer) => {
      const options = await refusedBetween(
        producer,
        () => producer.push(1, undefined, null as unknown as undefined),
      );
      assertStringIncludes(String(options), "Cannot use null as push options: expected an object");
      const partition = await producer.push(1, undefined, { partition: "0" as unknown as number }).catch(
        String,
      );
      assertStringIncludes(String(partition), 'Cannot use partition "0": the topic has 1');
    }));
}

test("metadata whose getter throws is refused with a code, where a component looks at it", () =>
  inTopic("memory", async (_topic, _producer, store) => {
    await store.createTopic("cbor", {}, { serializer: { type: "cbor" } });
    await using opened = await store.openTopic("cbor");
    await using producer = opened.producer();
    const metadata = Object.defineProperty({}, "a", {
      get: () => {
        throw new Error("not today");
      },
      enumerable: true,
    });
    const error = await refusedBetween(producer, () => producer.push(metadata));
    assertEquals((error as Error | undefined)?.name, InvalidMetadataError.name);
    assertStringIncludes(String(error), "not today");
  }));
