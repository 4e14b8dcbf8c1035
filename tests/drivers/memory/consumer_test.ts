// What a consumer of the memory driver does beyond the contract: positions of group members, and what ends a
// wait.
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { ConsumerRequest, OutgoingBatch, TopicDefinition } from "../../../src/contract.ts";
import { MemoryConsumer } from "../../../src/drivers/memory/consumer.ts";
import { MemoryProducer } from "../../../src/drivers/memory/producer.ts";
import { MemoryTopicStore } from "../../../src/drivers/memory/store.ts";
import {
  ConsumerDeletedError,
  ConsumerInUseError,
  EventGoneError,
  PartitionMovedError,
  TopicDeletedError,
} from "../../../src/errors.ts";
import { test } from "../../harness.ts";
import { turn } from "../../waiting.ts";

/** A topic in memory with that many partitions. */
function storeWith(partitions: number): MemoryTopicStore {
  return new MemoryTopicStore("t", { options: { num_partitions: partitions } } as unknown as TopicDefinition);
}

/** Stores that many events in a partition, as one batch. */
function append(store: MemoryTopicStore, partition: number, count: number): void {
  const metadata = Array.from({ length: count }, (_, index) => String(index));
  const batch = { count, metadata, dataBytes: 0 } as unknown as OutgoingBatch;
  new MemoryProducer(store).append(partition, batch);
}

/** An open consumer called `c`. */
async function opened(
  store: MemoryTopicStore,
  request: Partial<ConsumerRequest> = {},
): Promise<MemoryConsumer> {
  const consumer = new MemoryConsumer(store, "c", { from: "earliest", ...request } as ConsumerRequest);
  await consumer.open();
  return consumer;
}

/** The ids that a read returns. */
function idsOf(consumer: MemoryConsumer, partition: number, eventsMax: number): number[] {
  const batch = consumer.read(partition, eventsMax);
  return Array.from({ length: batch?.count ?? 0 }, (_, index) => batch!.baseId + index);
}

test("the first member of a group in memory stores where it begins, and the next owner goes on there", async () => {
  const store = storeWith(1);
  append(store, 0, 3);
  const first = await opened(store, { group: true, from: "latest" });
  assertEquals([first.assigned, first.position(0), store.positionOf("c", 0)], [[0], 3, 3]);
  await first.close();
  append(store, 0, 2);
  const second = await opened(store, { group: true, from: "earliest" });
  assertEquals(idsOf(second, 0, 10), [3, 4]);
  await second.close();
});

test("a group's partition in memory goes over when what was given out is acknowledged, and not before", async () => {
  const store = storeWith(2);
  for (const partition of [0, 1]) append(store, partition, 5);
  const given: (readonly number[])[] = [];
  const released: number[] = [];
  const first = await opened(store, {
    group: true,
    onAssigned: (partitions) => given.push(partitions),
    release: (partition) => {
      released.push(partition);
      return 2; // Three were read, and two of them delivered.
    },
  });
  assertEquals(given.splice(0), [[0], [0, 1]]);
  assertEquals(idsOf(first, 1, 3), [0, 1, 2]);
  const second = await opened(store, { group: true });
  assertEquals([first.assigned, second.assigned, released], [[0], [], [1]]);
  first.acknowledge(1, 1);
  assertEquals(second.assigned, []);
  first.acknowledge(1, 2);
  assertEquals([first.assigned, second.assigned], [[0], [1]]);
  assertEquals(idsOf(second, 1, 10), [2, 3, 4]);
  // What the former owner read can no longer be acknowledged.
  const late = assertThrows(() => first.acknowledge(1, 3), PartitionMovedError);
  assertEquals(late.message.includes("1"), true);
  assertEquals([store.positionOf("c", 1), released, given], [2, [1], [[0]]]);
  await first.close();
  assertEquals([second.assigned, store.groupOf("c").members.length], [[0, 1], 1]);
  await second.close();
});

test("what a member in memory did not give out is given out again when the partition stays", async () => {
  const store = storeWith(2);
  append(store, 1, 5);
  const first = await opened(store, { group: true, release: () => 1 });
  assertEquals(idsOf(first, 1, 3), [0, 1, 2]);
  const second = await opened(store, { group: true });
  assertEquals(first.assigned, [0]);
  await second.close();
  assertEquals([first.assigned, first.position(1)], [[0, 1], 1]);
  assertEquals(idsOf(first, 1, 10), [1, 2, 3, 4]);
  first.acknowledge(1, 5);
  assertEquals(store.positionOf("c", 1), 5);
  await first.close();
});

test("a seek in a partition in memory that is to move counts if the partition stays", async () => {
  const store = storeWith(2);
  append(store, 1, 5);
  const first = await opened(store, { group: true, release: () => 3 });
  idsOf(first, 1, 3);
  const second = await opened(store, { group: true });
  assertEquals(first.assigned, [0]);
  await first.seek([1], { id: 1 }, false);
  await second.close();
  assertEquals(idsOf(first, 1, 9), [1, 2, 3, 4]);
  await first.close();
});

test("a member in memory that acknowledges nothing keeps a partition for as long as the group waits", async () => {
  const store = storeWith(2);
  append(store, 1, 1);
  // Without information about what was delivered, everything that was read counts.
  const first = await opened(store, { group: true, groupTimeoutMs: 60_000 });
  idsOf(first, 1, 1);
  const second = await opened(store, { group: true });
  store.groupOf("c").rebalance();
  assertEquals([first.assigned, second.assigned], [[0], []]);
  await first.close();
  assertEquals(second.assigned, [0, 1]);
  await second.close();

  const hasty = await opened(store, { group: true, groupTimeoutMs: 0 });
  idsOf(hasty, 1, 1);
  const next = await opened(store, { group: true });
  assertEquals([hasty.assigned, next.assigned], [[0], [1]]);
  await hasty.close();
  await next.close();
});

test("a member in memory seeks in its own partitions alone, and acknowledges what it read alone", async () => {
  const store = storeWith(2);
  for (const partition of [0, 1]) append(store, partition, 5);
  const first = await opened(store, { group: true });
  const second = await opened(store, { group: true });
  assertThrows(() => first.seek([1], "latest", true), PartitionMovedError, "seek in");
  await first.seek([0], { id: 2 }, false);
  assertEquals([store.positionOf("c", 0), first.position(0)], [0, 2]);
  await first.seek([0], { id: 3 }, true);
  assertEquals(store.positionOf("c", 0), 3);
  assertThrows(() => first.acknowledge(0, 4), PartitionMovedError);
  assertEquals(idsOf(first, 0, 1), [3]);
  first.acknowledge(0, 4);
  // A seek backwards does not make delivered events undelivered.
  await first.seek([0], "earliest", false);
  assertEquals(idsOf(first, 0, 1), [0]);
  first.acknowledge(0, 4);
  assertEquals(store.positionOf("c", 0), 4);
  await first.close();
  await second.close();
});

test("consumers of one name in memory share or read alone, not both", async () => {
  const store = storeWith(1);
  const alone = await opened(store);
  await assertRejects(() => opened(store, { group: true }), ConsumerInUseError);
  await alone.close();
  await alone.close();
  const member = await opened(store, { group: true });
  await assertRejects(() => opened(store), ConsumerInUseError);
  await member.close();
  const others = [await opened(store), await opened(store)];
  await others[0]!.close();
  await others[0]!.close();
  await assertRejects(() => opened(store, { group: true }), ConsumerInUseError);
  await others[1]!.close();
});

test("a consumer in memory reads the partitions it was asked for, from where the name stands", async () => {
  const store = storeWith(3);
  for (const partition of [0, 1, 2]) append(store, partition, 4);
  store.setPosition("c", 2, 3);
  const consumer = await opened(store, { partitions: [1, 2], from: { id: 1 } });
  assertEquals(consumer.assigned, [1, 2]);
  assertEquals([idsOf(consumer, 1, 2), idsOf(consumer, 1, 9), idsOf(consumer, 2, 9)], [[1, 2], [3], [3]]);
  assertEquals([idsOf(consumer, 1, 9), consumer.position(1), consumer.position(0)], [[], 4, 0]);
  assertEquals([store.positionOf("c", 1), store.positionOf("c", 2)], [undefined, 3]);
  await consumer.close();
  assertEquals(consumer.position(1), 0);
});

test("events in memory that were removed are reported once, and reading goes on after them", async () => {
  const store = storeWith(1);
  append(store, 0, 3);
  append(store, 0, 3);
  const consumer = await opened(store);
  store.partitions[0]!.trim({ beforeId: 3 }, 0);
  assertThrows(() => consumer.read(0, 9), EventGoneError);
  assertEquals(idsOf(consumer, 0, 9), [3, 4, 5]);
  store.isDeleted = true;
  assertThrows(() => consumer.read(0, 9), TopicDeletedError);
  await consumer.close();
});

test("an acknowledgement in memory never moves a position back, and a forgotten name stays forgotten", async () => {
  const store = storeWith(1);
  append(store, 0, 5);
  const consumer = await opened(store);
  idsOf(consumer, 0, 5);
  consumer.acknowledge(0, 4);
  consumer.acknowledge(0, 2);
  assertEquals(store.positionOf("c", 0), 4);
  store.forget("c");
  assertThrows(() => consumer.acknowledge(0, 5), ConsumerDeletedError);
  assertEquals(store.consumers, []);
  await consumer.close();
});

test("a wait in memory ends with an event, a new share, a deleted topic, its signal or the consumer", async () => {
  const store = storeWith(2);
  const first = await opened(store, { group: true });
  let ended = 0;
  const wait = (signal = new AbortController().signal) => first.waitForEvents(signal).then(() => ended++);
  // It has not learned its first share of the partitions yet.
  await wait();
  const news = wait();
  await turn();
  assertEquals(ended, 1);
  append(store, 1, 1);
  await news;
  assertEquals([ended, idsOf(first, 1, 9)], [2, [0]]);
  const ofShare = wait();
  await turn();
  assertEquals(ended, 2);
  const second = await opened(store, { group: true });
  await ofShare;
  assertEquals(ended, 3);
  const controller = new AbortController();
  const stopped = wait(controller.signal);
  await turn();
  assertEquals(ended, 3);
  controller.abort();
  await stopped;
  await wait(controller.signal);
  assertEquals(ended, 5);
  const ofClosed = wait();
  await turn();
  assertEquals(ended, 5);
  await first.close();
  await ofClosed;
  await wait();
  const last = await opened(store, { group: true });
  await second.close();
  await last.waitForEvents(new AbortController().signal);
  append(store, 0, 1);
  idsOf(last, 0, 1);
  idsOf(last, 1, 1);
  const ofDeleted = last.waitForEvents(new AbortController().signal).then(() => ended++);
  await turn();
  assertEquals(ended, 7);
  store.isDeleted = true;
  store.announce();
  await ofDeleted;
  await last.close();
});

test("a member in memory that closes gives up its partitions, and what it read there is not acknowledged", async () => {
  const store = storeWith(2);
  append(store, 1, 3);
  const released: number[] = [];
  const given: (readonly number[])[] = [];
  const member = await opened(store, {
    group: true,
    release: (partition) => released.push(partition),
    onAssigned: (partitions) => given.push(partitions),
  });
  idsOf(member, 1, 2);
  given.length = 0;
  await member.close();
  assertEquals([member.assigned, released, given], [[], [0, 1], [[1], []]]);
  for (const nextId of [0, 1, 2]) assertThrows(() => member.acknowledge(1, nextId), PartitionMovedError);
  assertEquals(store.positionOf("c", 1), 0);
});

test("partitions in memory are in their order, whichever comes back", async () => {
  const store = storeWith(3);
  append(store, 0, 1);
  const member = await opened(store, { group: true });
  idsOf(member, 0, 1);
  // Requested in an order other than that of the numbers.
  member.tryRevoke(0);
  assertEquals(member.assigned, [1, 2]);
  member.keep(1);
  assertEquals(member.assigned, [1, 2]);
  member.keep(0);
  assertEquals(member.assigned, [0, 1, 2]);
  member.revoke(1);
  member.assign(1);
  assertEquals(member.assigned, [0, 1, 2]);
  await member.close();
});

test("two consumers of one name in memory acknowledge beside each other, until the name is forgotten", async () => {
  const store = storeWith(1);
  append(store, 0, 5);
  const [one, other] = [await opened(store), await opened(store)];
  for (const each of [one, other]) idsOf(each, 0, 5);
  // Nothing was stored under the name when either was opened.
  one.acknowledge(0, 1);
  other.acknowledge(0, 2);
  assertEquals(store.positionOf("c", 0), 2);
  store.forget("c");
  for (const each of [one, other]) assertThrows(() => each.acknowledge(0, 3), ConsumerDeletedError);
  await one.close();
  await other.close();
});

test("a member in memory whose name was stored before it came, and then forgotten, brings nothing back", async () => {
  const store = storeWith(1);
  append(store, 0, 5);
  store.setPosition("c", 0, 1);
  const member = await opened(store, { group: true });
  idsOf(member, 0, 2);
  store.forget("c");
  assertThrows(() => member.acknowledge(0, 2), ConsumerDeletedError);
  assertEquals(store.positionOf("c", 0), undefined);
  await member.close();
});

test("a consumer in memory that reads alone waits where there is nothing, and not once it is closed", async () => {
  const store = storeWith(1);
  const consumer = await opened(store);
  let ended = 0;
  const wait = consumer.waitForEvents(new AbortController().signal).then(() => ended++);
  await turn();
  assertEquals(ended, 0);
  await consumer.close();
  await wait;
  await consumer.waitForEvents(new AbortController().signal);
  assertEquals(ended, 1);
});

test("a partition in memory that a member keeps is its own once, however often that is said", async () => {
  const store = storeWith(1);
  const consumer = await opened(store, { group: true });
  consumer.tryRevoke(0);
  assertEquals(consumer.assigned, []);
  consumer.keep(0);
  consumer.keep(0);
  assertEquals(consumer.assigned, [0]);
  await consumer.close();
});

test("a name in memory that was deleted is not made again by a consumer that was open", async () => {
  const store = storeWith(1);
  append(store, 0, 2);
  store.setPosition("c", 0, 1);
  const consumer = await opened(store);
  store.forget("c");
  assertThrows(() => consumer.acknowledge(0, 2), ConsumerDeletedError);
  await consumer.close();
});
