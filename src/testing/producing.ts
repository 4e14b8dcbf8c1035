import { deepEqual, equal, ok } from "node:assert/strict";
import { BatchSize } from "../options.ts";
import { fails, nth, numbers, range, store } from "./fixture.ts";
import type { Rule } from "./rule.ts";

/** Rules about pushing, ids and order. */
export const producingRules: readonly Rule[] = [
  {
    name: "a pushed event gets its id once it is stored",
    async check(fixture) {
      await using topic = await fixture.topic();
      await using producer = topic.producer("p");
      const future = producer.push({ n: 7 });
      equal(await future.wait(fixture.patienceMs), 0);
      ok(future.completed);
      await using consumer = topic.consumer("c");
      const event = await fixture.one(consumer);
      deepEqual([event.id, event.partition, event.metadata], [0, 0, { n: 7 }]);
      equal(await producer.push({ n: 8 }), 1);
    },
  },
  {
    name: "ids are dense in each partition and follow the order of pushing",
    async check(fixture) {
      await using topic = await fixture.topic(3);
      await using producer = topic.producer("p");
      const futures = range(0, 300).map((n) => producer.push({ n }, undefined, { partition: n % 3 }));
      deepEqual(await Promise.all(futures), range(0, 300).map((n) => Math.floor(n / 3)));
      await using consumer = topic.consumer("c");
      for (const event of await fixture.take(consumer, 300)) {
        equal(event.metadata.n, event.id * 3 + event.partition);
      }
    },
  },
  {
    name: "a loop that never awaits is stored by its flush",
    async check(fixture) {
      await using topic = await fixture.topic(2);
      await using producer = topic.producer("p", { batchSize: 100, maxNumBatches: 2 });
      for (let n = 0; n < 5000; n++) producer.push({ n });
      await producer.flush();
      await using consumer = topic.consumer("c");
      const events = await fixture.take(consumer, 5000);
      deepEqual([0, 1].map((number) => events.filter(({ partition }) => partition === number).length), [
        2500,
        2500,
      ]);
    },
  },
  {
    name: "ids continue where earlier producers stopped",
    async check(fixture) {
      await using topic = await fixture.topic();
      for (const first of [0, 5, 10]) await store(topic, 5, first);
      await using consumer = topic.consumer("c");
      const events = await fixture.take(consumer, 15);
      deepEqual(numbers(events), range(0, 15));
      deepEqual(events.map((event) => event.id), range(0, 15));
    },
  },
  {
    name: "several producers share a partition without gaps or duplicates",
    async check(fixture) {
      await using topic = await fixture.topic();
      const producers = range(0, 4).map((number) => topic.producer(`p${number}`, { batchSize: 3 }));
      const ids = await Promise.all(
        producers.flatMap((producer, number) =>
          range(0, 50).map((n) => producer.push({ n: number * 50 + n }))
        ),
      );
      deepEqual([...ids].sort((one, other) => one - other), range(0, 200));
      await using consumer = topic.consumer("c");
      const events = await fixture.take(consumer, 200);
      deepEqual(numbers(events).sort((one, other) => one - other), range(0, 200));
      for (const event of events) equal(ids[event.metadata.n], event.id);
    },
  },
  {
    name: "flush() stores everything pushed before, at every batch size",
    async check(fixture) {
      await using topic = await fixture.topic();
      let first = 0;
      for (const batchSize of [1, 7, 1000, BatchSize.Adaptive]) {
        await using producer = topic.producer("p", { batchSize });
        const futures = range(first, 40).map((n) => producer.push({ n }));
        equal(await producer.flush().wait(fixture.patienceMs), true);
        ok(futures.every((future) => future.completed));
        first += 40;
      }
      await using consumer = topic.consumer("c");
      deepEqual(numbers(await fixture.take(consumer, first)), range(0, first));
    },
  },
  {
    name: "events that no one awaits are stored",
    async check(fixture) {
      await using topic = await fixture.topic();
      await using producer = topic.producer("p");
      producer.push({ n: 1 });
      await using consumer = topic.consumer("c");
      deepEqual(numbers(await fixture.take(consumer, 1)), [1]);
    },
  },
  {
    name: "closing a producer stores what was pushed",
    async check(fixture) {
      await using topic = await fixture.topic();
      {
        await using producer = topic.producer("p");
        for (const n of range(0, 10)) producer.push({ n });
      }
      await using consumer = topic.consumer("c");
      deepEqual(numbers(await fixture.take(consumer, 10)), range(0, 10));
    },
  },
  {
    name: "metadata is returned as pushed, and text as written",
    async check(fixture) {
      await using topic = await fixture.topic();
      await using producer = topic.producer("p");
      const texts = [
        '{"big": 12345678901234567890, "e": 1.50e+3}',
        '[1,\n  {"a": []}\n]',
        '"quote \\" and comma, and ünïcödé 🚀 \\ud83d\\ude80"',
        "null",
        "0",
        '{"__proto__": 1, "a,b": "],["}',
        ` {"long": "${"x".repeat(100_000)}"} `,
      ];
      for (const text of texts) producer.push(text);
      await producer.flush();
      await using consumer = topic.consumer("c");
      const events = await fixture.take(consumer, texts.length);
      deepEqual(events.map((event) => event.metadataText), texts);
      deepEqual(events.map((event) => event.metadata as unknown), texts.map((text) => JSON.parse(text)));
    },
  },
  {
    name: "other serializers store bytes that are returned as metadata",
    needs: ["binaryMetadata"],
    async check(fixture) {
      await using topic = await fixture.topic(1, { serializer: { type: "cbor" } });
      await store(topic, 50);
      await using consumer = topic.consumer("c");
      const events = await fixture.take(consumer, 50);
      deepEqual(numbers(events), range(0, 50));
      equal(nth(events, 3).metadataText, '{"n":3}');
    },
  },
  {
    name: "events have the time when they were stored",
    async check(fixture) {
      await using topic = await fixture.topic();
      const before = Date.now();
      await store(topic, 3);
      await using consumer = topic.consumer("c");
      for (const event of await fixture.take(consumer, 3)) {
        // The clocks of engines on other machines may differ slightly.
        ok(event.timestamp >= before - 5000 && event.timestamp <= Date.now() + 5000, String(event.timestamp));
      }
    },
  },
  {
    name: "a closed producer refuses events",
    async check(fixture) {
      await using topic = await fixture.topic();
      const producer = topic.producer("p");
      await producer.close();
      await fails("ERR_CLOSED", () => producer.push({ n: 1 }));
    },
  },
];
