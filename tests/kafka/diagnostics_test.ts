// What operators monitor: rebalances, fetch lag, and retries.
import { assert, assertEquals } from "@std/assert";
import {
  type AssignmentMessage,
  diagnostics,
  Driver,
  type FetchMessage,
  type RetryMessage,
} from "../../mod.ts";
import { brokerMissing, Cluster } from "../../tools/kafka/broker.ts";
import { test } from "../harness.ts";
import { Pushing, until } from "./traffic.ts";

test(
  "kafka: rebalances, fetches and retries are published on their channels",
  { skip: brokerMissing },
  async () => {
    await using cluster = await Cluster.start();
    await using driver = await Driver.open("octopus", {
      kafka: {
        "bootstrap.servers": cluster.servers,
        "heartbeat.interval.ms": 200,
        "session.timeout.ms": 6000,
        "message.timeout.ms": 60_000,
      },
    });
    const rebalances: AssignmentMessage[] = [];
    const fetches: FetchMessage[] = [];
    const retries: RetryMessage[] = [];
    const stops = [
      diagnostics.assignment.subscribe((message) => message.topic === "watched" && rebalances.push(message)),
      diagnostics.fetch.subscribe((message) => message.topic === "watched" && fetches.push(message)),
      diagnostics.retry.subscribe((message) => message.topic === "watched" && retries.push(message)),
    ];
    try {
      await driver.createTopic("watched", { num_partitions: 2 });
      await using topic = await driver.openTopic("watched");
      {
        await using producer = topic.producer();
        for (let n = 0; n < 100; n++) producer.push(n, undefined, { partition: n % 2 });
        await producer.flush();
      }
      await using one = topic.consumer("watchers");
      await one.ready();
      assertEquals(rebalances.map(({ consumer, gained }) => [consumer, gained]), [["watchers", [0, 1]]]);
      let read = 0;
      for await (const _event of one.events({ until: "end" })) read++;
      assertEquals(read, 100);
      assertEquals(new Set(fetches.map(({ consumer }) => consumer)), new Set(["watchers"]));
      assert(fetches.some(({ bytes }) => bytes > 0));
      for (const wanted of [0, 1]) {
        assertEquals(fetches.findLast(({ partition }) => partition === wanted)?.behind, 0);
      }

      // It was closed without a message, so that the count of a process's partitions grew with each one.
      await using brief = topic.consumer("brief");
      await brief.ready();
      await brief.close();
      assertEquals(
        rebalances.filter(({ consumer }) => consumer === "brief").map(({ gained, lost }) => [gained, lost]),
        [[[0, 1], []], [[], [0, 1]]],
      );

      await using _other = topic.consumer("watchers");
      await until("the partitions are shared", () => one.partitions.length === 1);
      assert(rebalances.some(({ lost }) => lost.length === 1), JSON.stringify(rebalances));

      await using pushing = new Pushing(topic);
      await cluster.brokers[0].kill();
      await until("something is tried again", () => retries.some(({ partition }) => partition !== undefined));
      await cluster.brokers[0].start();
      await pushing.more(50);
      await pushing.stop();
      const pushed = retries.filter(({ operation }) =>
        operation.startsWith('store events in topic "watched"')
      );
      assert(pushed.length > 0, JSON.stringify(retries.map(({ operation }) => operation)));
      assert(
        pushed.every(({ attempt, delayMs, error }) => attempt > 0 && delayMs > 0 && error !== undefined),
      );
    } finally {
      for (const stop of stops) stop();
    }
  },
);
