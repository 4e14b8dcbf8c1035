// A leader that hangs: its partitions are read from the new leader as soon as the cluster has one.
import { assertEquals, assertRejects } from "@std/assert";
import { BrokerError } from "../../../../mod.ts";
import { answerOfLeader } from "../../../../src/drivers/kafka/client/moved_leader.ts";
import { test } from "../../../harness.ts";

/** A cluster of brokers 1 and 2; the leaders of partition 0 are the answers to one look after the other. */
function scene(leaders: (number | undefined)[]) {
  const metadata = () => {
    const leader = leaders.length > 1 ? leaders.shift() : leaders[0];
    if (leader === undefined) return Promise.reject(new Error("no answer"));
    const partitions = [{ leader }];
    return Promise.resolve({
      brokers: new Map([[1, {}], [2, {}]]),
      topics: new Map([["t", { partitions }]]),
    });
  };
  const client = { metadata } as unknown as Parameters<typeof answerOfLeader>[1]["client"];
  const { signal: stopped } = new AbortController();
  return { client, stopped, waitMs: 0, kafkaName: "t", node: 1, wanted: [{ partition: 0 }], silenceMs: 1 };
}

const later = (ms: number) => new Promise<string>((resolve) => setTimeout(() => resolve("answer"), ms));

test("kafka: a silent broker is no longer waited for once another one leads its partition", async () => {
  const silent = new Promise<never>(() => {});
  const asking = answerOfLeader(silent, scene([1, undefined, -1, 2]));
  const error = await assertRejects(() => asking, BrokerError, "no longer leads partition 0");
  assertEquals(error.canRetry, true);
});

test("kafka: a slow broker that still leads is waited for", async () => {
  assertEquals(await answerOfLeader(later(20), scene([1])), "answer");
});

test("kafka: once fetching is stopped, a silent broker is no longer checked", async () => {
  const stopping = new AbortController();
  let looks = 0;
  let respond: (answer: string) => void;
  const responding = new Promise<string>((resolve) => respond = resolve);
  const metadata = () => {
    if (++looks === 2) {
      stopping.abort();
      setTimeout(() => respond("answer"), 20);
    }
    return Promise.reject(new Error("no answer"));
  };
  const client = { metadata } as unknown as Parameters<typeof answerOfLeader>[1]["client"];
  const request = { ...scene([1]), client, stopped: stopping.signal };
  assertEquals(await answerOfLeader(responding, request), "answer");
  assertEquals(looks, 2);
});
