// After a rebalance, reading stalled for 20 seconds and then failed: the leader was asked only about the first
// partition, whose queue filled up before the others were added. No requests were made for those until the
// first was read, while the reader waited for one of them.
import { assertEquals } from "@std/assert";
import type { FetchLoop } from "../../src/drivers/kafka/fetch/fetch_loop.ts";
import type { FetchedPartition } from "../../src/drivers/kafka/format/fetched.ts";
import { PartitionQueue } from "../../src/drivers/kafka/fetch/partition_queue.ts";
import { INTACT } from "../drivers/kafka/intact.ts";
import { loneFetchLoop } from "../drivers/kafka/lone_fetch_loop.ts";
import { test } from "../harness.ts";

/** A queue that is full after any answer. */
class SmallQueue extends PartitionQueue {
  constructor(partition: number) {
    super({ ...INTACT, partition });
  }

  override get responses(): number {
    return this.lastResponse === 0 ? 0 : 1;
  }

  override accept(_: FetchedPartition): void {}
}

interface Asked {
  partitions: number[];
  /** Sends the answer. */
  answer(): void;
}

/** A loop that reads from one broker, which answers when a test says so. */
function loopOver(queues: PartitionQueue[], place: (queue: PartitionQueue) => Promise<void>): {
  loop: FetchLoop;
  nextQuestion(): Promise<Asked>;
} {
  const questions: Asked[] = [];
  let onQuestion = (): void => {};
  const loop = loneFetchLoop(queues, (partitions) =>
    new Promise((resolve) => {
      questions.push({ partitions, answer: () => resolve({ responses: [] }) });
      onQuestion();
    }), { place });
  return {
    loop,
    nextQuestion: async () => {
      if (questions.length === 0) await new Promise<void>((resolve) => onQuestion = resolve);
      return questions.shift()!;
    },
  };
}

test("the first request to a leader is about all partitions that it leads", async () => {
  const { loop, nextQuestion } = loopOver([0, 1, 2].map((n) => new SmallQueue(n)), () => Promise.resolve());
  const running = loop.run();
  assertEquals((await nextQuestion()).partitions, [0, 1, 2]);
  loop.stop();
  await running;
});

test("a partition located later is fetched at once although all others are full", async () => {
  const late = new SmallQueue(1);
  late.hasPosition = false;
  let found = (): void => {};
  const { loop, nextQuestion } = loopOver(
    [new SmallQueue(0), late],
    () => new Promise((resolve) => found = resolve),
  );
  const running = loop.run();
  const first = await nextQuestion();
  assertEquals(first.partitions, [0]);
  first.answer();
  await new Promise((resolve) => setTimeout(resolve));
  found();
  assertEquals((await nextQuestion()).partitions, [1]);
  loop.stop();
  await running;
});
