// Processes that share the partitions of a topic: some are killed, some stopped for longer than their timeout.
import { assert, assertEquals, assertGreater } from "@std/assert";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Driver, type Topic } from "../../mod.ts";
import { test } from "../harness.ts";
import { PATIENCE_MS, until } from "../waiting.ts";
import { randomFrom } from "./content.ts";
import { outcomeOf, Worker } from "./group_workers.ts";
import { MISSING, RUNTIMES } from "./runtimes.ts";

const PARTITIONS = 16;
const PUSHES_MAX = 30_000;

async function withTopic(body: (topic: Topic, rootPath: string) => Promise<void>): Promise<void> {
  const rootPath = await mkdtemp(join(tmpdir(), "diaspora-group-"));
  try {
    await using driver = await Driver.open("files", { root_path: rootPath });
    await driver.createTopic("jobs", { num_partitions: PARTITIONS });
    await using topic = await driver.openTopic("jobs");
    await body(topic, rootPath);
  } finally {
    await rm(rootPath, { recursive: true });
  }
}

/** Pushes events to all partitions, a few at a time, until it is asked to stop; returns their names. */
async function pushUntil(topic: Topic, isOver: () => boolean): Promise<string[]> {
  const pushed: string[] = [];
  await using producer = topic.producer("boss");
  for (let n = 0; !isOver(); n++) {
    // Not more than the workers of a busy machine can handle.
    if (n >= PUSHES_MAX) await new Promise((resolve) => setTimeout(resolve, 50));
    const partition = n % PARTITIONS;
    void producer.push({ n }, undefined, { partition }).then((id) => pushed.push(`${partition} ${id}`));
    if (n % 32 === 31) await new Promise((resolve) => setTimeout(resolve, 4));
  }
  await producer.flush();
  return pushed;
}

async function isDone(topic: Topic): Promise<boolean> {
  return (await topic.lag("workers")).every(({ events }) => events === 0);
}

/** Every event was handled; at most those being handled by interrupted processes were handled twice. */
function check(workers: readonly Worker[], cutShort: readonly Worker[], pushed: readonly string[]): void {
  const { lost, acknowledgedAgain, twice, underWay, disorder } = outcomeOf(workers, cutShort, pushed);
  assertEquals(lost, [], "handled by no one");
  assertEquals(acknowledgedAgain, [], "acknowledged more than once");
  assert(
    twice <= underWay,
    `${twice} events were handled twice, and ${underWay} were under way at the kills`,
  );
  assertEquals(disorder, []);
}

test("killing workers with kill -9 loses no event, and none is acknowledged twice", {
  skip: MISSING,
}, async () => {
  await withTopic(async (topic, rootPath) => {
    const random = randomFrom(19);
    const all: Worker[] = [];
    const start = (): Worker => {
      const runtime = RUNTIMES[all.length % RUNTIMES.length];
      const worker = new Worker(runtime, rootPath, join(rootPath, `${all.length}.log`), 10_000);
      all.push(worker);
      return worker;
    };
    const living = Array.from({ length: 6 }, start);
    const killed: Worker[] = [];
    let isOver = false;
    try {
      await Promise.all(living.map((worker) => worker.ready()));
      const pushing = pushUntil(topic, () => isOver);
      for (let kill = 0; kill < 8; kill++) {
        await new Promise((resolve) => setTimeout(resolve, 300 + random() * 500));
        const [worker] = living.splice(Math.floor(random() * living.length), 1);
        await worker.kill();
        killed.push(worker);
        if (kill % 2 === 0) living.push(start());
      }
      isOver = true;
      const pushed = await pushing;
      assertGreater(pushed.length, 1000);
      await until("every event is acknowledged", () => isDone(topic), 4 * PATIENCE_MS);
      check(all, killed, pushed);
    } finally {
      isOver = true;
      await Promise.all(living.map((worker) => worker.kill()));
    }
  });
});

test(
  "a worker that is stopped for longer than its timeout loses its partitions, and does no harm when it resumes",
  {
    skip: MISSING,
  },
  async () => {
    await withTopic(async (topic, rootPath) => {
      const timeoutMs = 1500;
      let isOver = false;
      const workers = RUNTIMES.map((runtime) =>
        new Worker(runtime, rootPath, join(rootPath, `${runtime}.log`), timeoutMs)
      );
      try {
        await Promise.all(workers.map((worker) => worker.ready()));
        const pushing = pushUntil(topic, () => isOver);
        for (const worker of workers) {
          await new Promise((resolve) => setTimeout(resolve, 300));
          worker.signal("SIGSTOP");
          await until("the others have its partitions", async () => {
            const members = await topic.members("workers");
            return members.length === workers.length - 1 &&
              members.reduce((sum, { partitions }) => sum + partitions.length, 0) === PARTITIONS;
          });
          worker.signal("SIGCONT");
          await until(
            "it has joined again",
            async () => (await topic.members("workers")).length === workers.length,
          );
        }
        isOver = true;
        const pushed = await pushing;
        await until("every event is acknowledged", () => isDone(topic), 4 * PATIENCE_MS);
        check(workers, workers, pushed);
      } finally {
        isOver = true;
        await Promise.all(workers.map((worker) => worker.kill()));
      }
    });
  },
);

test(
  "the partitions of a killed process move to another long before its timeout",
  { skip: MISSING },
  async () => {
    const TIMEOUT_MS = 120_000;
    await withTopic(async (topic, rootPath) => {
      const workers = ["one", "two", "three"].map((name) =>
        new Worker("bun", rootPath, join(rootPath, `${name}.log`), TIMEOUT_MS)
      );
      try {
        await Promise.all(workers.map((worker) => worker.ready()));
        const owned = async () => (await topic.members("workers")).map(({ partitions }) => partitions.length);
        await until("all have a part", async () => String((await owned()).sort()) === "5,5,6");
        await workers.pop()!.kill();
        const begunMs = performance.now();
        await until("two have it all", async () => String((await owned()).sort()) === "8,8");
        const tookMs = performance.now() - begunMs;
        // A second, but for a busy machine.
        assert(tookMs < TIMEOUT_MS / 4, `it took ${tookMs} ms`);
      } finally {
        await Promise.all(workers.map((worker) => worker.kill()));
      }
    });
  },
);
