// What is appended in memory beside and after streams, what all consumers acknowledged, and a topic's lag.
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { OutgoingBatch, TopicDefinition } from "../../../src/contract.ts";
import { MemoryProducer } from "../../../src/drivers/memory/producer.ts";
import { MemoryTopicStore } from "../../../src/drivers/memory/store.ts";
import { MemoryTopic } from "../../../src/drivers/memory/topic.ts";
import { LimitExceededError, TopicDeletedError } from "../../../src/errors.ts";
import { test } from "../../harness.ts";
import { turn } from "../../waiting.ts";

function storeWith(partitions: number): MemoryTopicStore {
  return new MemoryTopicStore("t", { options: { num_partitions: partitions } } as unknown as TopicDefinition);
}

function batchOf(text: string, rest: Partial<OutgoingBatch> = {}): OutgoingBatch {
  return { count: 1, metadata: [text], dataBytes: 0, ...rest } as OutgoingBatch;
}

/** A stream of some bytes that ends when the test says so. */
function openStream(...bytes: number[]) {
  let end = () => {};
  const ended = new Promise<void>((resolve) => end = resolve);
  const memory = new Uint8Array(1);
  const stream = (async function* () {
    for (const byte of bytes) {
      // The same memory each time, as streams do.
      memory[0] = byte;
      yield memory;
    }
    await ended;
  })();
  return { stream, end: () => end() };
}

const textsOf = (store: MemoryTopicStore, partition = 0) => {
  const { nextId } = store.partitions[partition]!;
  return Array.from({ length: nextId }, (_, id) => store.partitions[partition]!.find(id)!.metadata[0]);
};

test("what is pushed after a stream waits for it, in its partition alone", async () => {
  const store = storeWith(2);
  const producer = new MemoryProducer(store);
  const { stream, end } = openStream(1, 2, 3);
  const done: string[] = [];
  const follow = (name: string, stored: number | Promise<number>) =>
    Promise.resolve(stored).then((id) => done.push(`${name} ${id}`));
  const streamed = follow("stream", producer.append(0, batchOf("0", { stream })));
  const after = follow("after", producer.append(0, batchOf("1")));
  assertEquals(producer.appendSync(0, batchOf("x")), undefined);
  assertEquals([producer.append(1, batchOf("y")), producer.appendSync(1, batchOf("z"))], [0, 1]);
  const flushed = producer.flush().then(() => done.push("flushed"));
  await turn();
  assertEquals(done, []);
  end();
  await Promise.all([streamed, after, flushed]);
  assertEquals(done, ["stream 0", "after 1", "flushed"]);
  assertEquals([textsOf(store), [...store.partitions[0]!.find(0)!.data![0]!]], [["0", "1"], [1, 2, 3]]);
  await turn();
  // Nothing waits any more.
  assertEquals([producer.append(0, batchOf("2")), producer.appendSync(0, batchOf("3"))], [2, 3]);
  await producer.close();
});

test("a stream that fails rejects its push, and what was pushed after it is stored", async () => {
  const store = storeWith(1);
  const producer = new MemoryProducer(store);
  const { stream: slow, end } = openStream(1);
  const first = producer.append(0, batchOf("0", { stream: slow }));
  // It fails before the one that it waits for has ended.
  // deno-lint-ignore require-yield
  const failing = (async function* () {
    throw new Error("no more");
  })() as AsyncGenerator<Uint8Array>;
  const second = Promise.resolve(producer.append(0, batchOf("1", { stream: failing })));
  const third = producer.append(0, batchOf("2"));
  const settled = second.catch((error) => error.message);
  await turn();
  end();
  assertEquals([await first, await settled, await third], [0, "no more", 1]);
  await producer.flush();
  assertEquals(textsOf(store), ["0", "2"]);
});

test("a batch that waited leaves out events whose data has changed, and may be empty then", async () => {
  const store = storeWith(1);
  const producer = new MemoryProducer(store);
  const { stream, end } = openStream();
  const streamed = producer.append(0, batchOf("0", { stream }));
  const emptied = batchOf("1", { dropChangedData: () => void ((emptied as { count: number }).count = 0) });
  const stored = producer.append(0, emptied);
  const last = producer.append(0, batchOf("2"));
  end();
  assertEquals([await streamed, await stored, await last, textsOf(store)], [0, 0, 1, ["0", "2"]]);
});

test("a data part that memory has no room for is refused by its size", async () => {
  const store = storeWith(1);
  const producer = new MemoryProducer(store);
  const huge = { byteLength: 2 ** 32 + 1 } as Uint8Array;
  const refused = assertThrows(
    () => producer.append(0, batchOf("0", { data: [[huge]] })),
    LimitExceededError,
  );
  assertEquals(refused.message.includes(`${2 ** 32 + 1} bytes in memory: at most ${2 ** 32}`), true);
  const stream = (async function* () {
    yield huge;
  })();
  await assertRejects(
    async () => await producer.append(0, batchOf("0", { stream })),
    LimitExceededError,
    "at most",
  );
  assertEquals(store.partitions[0]!.nextId, 0);
});

test("all names acknowledged what the least of them did, and nothing where one did not, or there is none", () => {
  const store = storeWith(2);
  assertEquals(store.acknowledgedId(0), 0);
  store.acknowledge("a", 0, 7);
  assertEquals([store.acknowledgedId(0), store.acknowledgedId(1)], [7, 0]);
  store.acknowledge("b", 0, 4);
  store.acknowledge("c", 0, 9);
  assertEquals(store.acknowledgedId(0), 4);
  store.acknowledge("d", 1, 1);
  assertEquals(store.acknowledgedId(0), 0);
  store.forget("d");
  store.forget("b");
  assertEquals(store.acknowledgedId(0), 7);
});

test("a topic in memory says a consumer's lag, and removes what all have acknowledged", async () => {
  const store = storeWith(1);
  const topic = new MemoryTopic(store);
  const producer = new MemoryProducer(store);
  for (const text of ["1", "22", "333"]) producer.append(0, batchOf(text));
  store.acknowledge("a", 0, 2);
  store.acknowledge("b", 0, 1);
  const [lag] = await topic.lag("a");
  assertEquals(
    [lag!.position, lag!.acknowledged, lag!.events, lag!.bytes, lag!.seconds >= 0, lag!.seconds < 60],
    [2, true, 1, 3, true, true],
  );
  const [none] = await topic.lag("none");
  assertEquals([none!.position, none!.acknowledged, none!.events, none!.bytes], [0, false, 3, 6]);
  assertEquals((await topic.trim({ acknowledged: true }))[0], {
    partition: 0,
    firstIdBefore: 0,
    firstId: 1,
    bytes: 1,
  });
  assertEquals((await topic.lag("none"))[0]!.position, 1);
  store.acknowledge("a", 0, 3);
  assertEquals((await topic.lag("a"))[0], {
    ...{ partition: 0, position: 3, acknowledged: true, events: 0, bytes: 0, seconds: 0 },
  });
  store.isDeleted = true;
  for (
    const call of [
      () => topic.describe(),
      () => topic.lag("a"),
      () => topic.trim({ beforeId: 3 }),
      () => topic.edit({}),
    ]
  ) {
    await assertRejects(call, TopicDeletedError);
  }
  await topic.close();
});
