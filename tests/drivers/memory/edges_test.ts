// What the memory driver does at the edges: deleted topics, lags, streams side by side, members that leave meanwhile.
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Driver, InvalidOptionError, LimitExceededError, TopicDeletedError } from "../../../mod.ts";
import type { OutgoingBatch } from "../../../src/contract.ts";
import { joined } from "../../../src/drivers/memory/data_part.ts";
import { MemoryDriver } from "../../../src/drivers/memory/driver.ts";
import { MemoryGroup, type MemoryMember } from "../../../src/drivers/memory/group.ts";
import { test } from "../../harness.ts";
import { until } from "../../waiting.ts";

test("every call on a deleted topic in memory says so, and a wait for its events gets that error", async () => {
  await using driver = await Driver.open("memory", {});
  await driver.createTopic("t", { flush_behavior: "buffered" });
  const topic = await driver.openTopic("t");
  const consumer = topic.consumer("c");
  await consumer.ready();
  const waiting = assertRejects(async () => await consumer.pull(), TopicDeletedError);
  await new Promise((resolve) => setTimeout(resolve, 5));
  await driver.deleteTopic("t");
  await waiting;
  const late = topic.consumer("late");
  for (
    const call of [
      () => topic.consumers(),
      () => topic.members("c"),
      () => topic.deleteConsumer("c"),
      () => topic.seekConsumer("c", "latest"),
      () => topic.trim({ beforeId: 1 }),
      () => topic.describe(),
      () => consumer.seek("latest"),
      () => late.ready(),
    ]
  ) await assertRejects(call as () => Promise<unknown>, TopicDeletedError);
});

test("a topic in memory that is not there is not said to be in another store", async () => {
  const driver = new MemoryDriver({});
  const error = await assertRejects(() => driver.openTopic("nope"));
  assertEquals([driver.name, (error as Error).message.includes("undefined")], ["memory", false]);
});

test("the lag of a consumer in memory has the age of its first event", async () => {
  await using driver = await Driver.open("memory", {});
  await driver.createTopic("t", { num_partitions: 2 });
  await using topic = await driver.openTopic("t");
  await using producer = topic.producer();
  await producer.push(1, undefined, { partition: 0 });
  await producer.push(1, undefined, { partition: 1 });
  await new Promise((resolve) => setTimeout(resolve, 20));
  await producer.push(2, undefined, { partition: 0 });
  await topic.seekConsumer("c", "latest", { partitions: [1] });
  const [behind, done] = await topic.lag("c");
  assert(behind!.seconds! >= 0.015 && behind!.seconds! < 10, String(behind!.seconds));
  assertEquals([behind!.position, behind!.events], [0, 2]);
  assertEquals([behind!.acknowledged, done!.acknowledged, done!.seconds, done!.events], [false, true, 0, 0]);
  const [first] = await topic.describe();
  assert(first!.newestTime! > first!.oldestTime!);
});

test("trimming in memory removes what was asked for, whatever is acknowledged", async () => {
  await using driver = await Driver.open("memory", {});
  await driver.createTopic("t", {});
  await using topic = await driver.openTopic("t");
  await using producer = topic.producer();
  await producer.push(1);
  await producer.push(22);
  await topic.seekConsumer("c", "latest");
  assertEquals((await topic.trim({ maxBytes: 2, dryRun: true }))[0]!.firstId, 1);
  assertEquals((await topic.trim({ maxBytes: 1000 }))[0]!.firstId, 0);
  assertEquals((await topic.trim({ acknowledged: true }))[0]!.firstId, 2);
});

test("a changed topic in memory takes its own options alone", async () => {
  await using driver = await Driver.open("memory", {});
  await driver.createTopic("t", {});
  await using topic = await driver.openTopic("t");
  await assertRejects(() => topic.edit({ segment_size: 1 } as never), InvalidOptionError, "topic");
});

test("a data part beyond the memory of the runtime is refused as that", () => {
  assertThrows(() => joined([], 2 ** 53 - 1), LimitExceededError, "the runtime has no more");
});

test("what is pushed into memory after two streams comes after both, and counts their bytes", async () => {
  const driver = new MemoryDriver({});
  await driver.createTopic("t", { options: { num_partitions: 1 } } as never);
  const topic = await driver.openTopic("t");
  const producer = topic.producer("p");
  let finish = (): void => {};
  const gate = new Promise<void>((resolve) => finish = resolve);
  const stream = async function* (waits: boolean): AsyncGenerator<Uint8Array> {
    if (waits) await gate;
    yield new Uint8Array(100);
  };
  const batch = (of: Partial<OutgoingBatch>): OutgoingBatch =>
    ({ count: 1, metadata: ["1"], dataBytes: 0, ...of }) as OutgoingBatch;
  const first = producer.append(0, batch({ stream: stream(false) }));
  const second = producer.append(0, batch({ stream: stream(true) }));
  assertEquals(await first, 0);
  await new Promise((resolve) => setTimeout(resolve, 1));
  const third = producer.append(0, batch({}));
  finish();
  assertEquals([await second, await third], [1, 2]);
  assertEquals((await topic.describe())[0]!.bytes, 203);
});

class Member implements MemoryMember {
  readonly asked: number[] = [];
  mayLeave = true;
  onAsked = (): void => {};

  constructor(readonly id: string) {}

  assign(): void {}
  keep(): void {}
  revoke(): void {}

  tryRevoke(partition: number): boolean {
    this.asked.push(partition);
    this.onAsked();
    return this.mayLeave;
  }
}

test("a member in memory that leaves while another is asked for a partition gets none", () => {
  const group = new MemoryGroup(4);
  const [a, b] = [new Member("a"), new Member("b")];
  group.join(a);
  a.onAsked = () => group.remove(b);
  group.join(b);
  assertEquals([group.members.map(({ partitions }) => partitions), a.asked.length], [[[0, 1, 2, 3]], 1]);
});

test("a group in memory looks again each time that a partition is kept for a while", async () => {
  const group = new MemoryGroup(3);
  const members = ["a", "b", "c"].map((id) => new Member(id));
  for (const member of members) {
    for (const other of members) other.mayLeave = false;
    group.join(member);
    for (const other of members) other.mayLeave = true;
    await until(
      "the new member has a partition",
      () => group.members.find(({ id }) => id === member.id)!.partitions.length > 0,
    );
  }
  assertEquals(group.members.map(({ partitions }) => partitions.length), [1, 1, 1]);
});
