import { deepEqual, equal } from "node:assert/strict";
import { FullDataSelector } from "../consumer/data_selection.ts";
import type { Topic } from "../topic.ts";
import { fails, type Fixture, nth, type Numbered, range } from "./fixture.ts";
import type { Rule } from "./rule.ts";

/** Bytes that identify their event and position. */
function bytes(n: number, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, index) => (index * 7 + n * 31 + (index >> 8)) & 255);
}

async function storeData(topic: Topic<Numbered>, sizes: readonly number[]): Promise<void> {
  await using producer = topic.producer("p");
  for (const [n, size] of sizes.entries()) producer.push({ n }, bytes(n, size));
  await producer.flush();
}

const SIZES = [0, 1, 10, 65535, 65536, 65537, 0, 300_000, 5];

async function oneTopic(fixture: Fixture): Promise<Topic<Numbered>> {
  const topic = await fixture.topic();
  await storeData(topic, SIZES);
  return topic;
}

/** Rules about data parts: pushing them, and selecting what is delivered. */
export const dataRules: readonly Rule[] = [
  {
    name: "data is returned whole if all of it is selected",
    needs: ["data"],
    async check(fixture) {
      await using topic = await oneTopic(fixture);
      await using consumer = topic.consumer("c", { dataSelector: FullDataSelector });
      for (const [n, event] of (await fixture.take(consumer, SIZES.length)).entries()) {
        equal(event.dataDescriptor.size, nth(SIZES, n));
        deepEqual(event.data, bytes(n, nth(SIZES, n)));
      }
    },
  },
  {
    name: "without a selector no data is loaded, and it can be loaded later",
    needs: ["data"],
    async check(fixture) {
      await using topic = await oneTopic(fixture);
      await using consumer = topic.consumer("c");
      const events = await fixture.take(consumer, SIZES.length);
      for (const [n, event] of events.entries()) {
        equal(event.data, undefined);
        deepEqual(event.dataBuffers, []);
        deepEqual(await event.loadData(), bytes(n, nth(SIZES, n)));
      }
      const part = nth(events, 5).dataDescriptor.makeSubView(65530, 7);
      deepEqual(await nth(events, 5).loadData(part), bytes(5, 65537).slice(65530));
    },
  },
  {
    name: "a selector chooses parts of the data, or none, by the metadata",
    needs: ["data"],
    async check(fixture) {
      await using topic = await oneTopic(fixture);
      await using consumer = topic.consumer("c", {
        dataSelector: ({ n }, descriptor) =>
          n % 2 === 0 ? null : descriptor.makeStridedView(0, Math.floor((descriptor.size + 2) / 3), 1, 2),
      });
      for (const [n, event] of (await fixture.take(consumer, SIZES.length)).entries()) {
        const wanted = bytes(n, nth(SIZES, n)).filter((_, index) => index % 3 === 0);
        deepEqual(event.data, n % 2 === 0 ? undefined : wanted);
      }
    },
  },
  {
    name: "an allocator's buffers are filled",
    needs: ["data"],
    async check(fixture) {
      await using topic = await oneTopic(fixture);
      const pool = new Uint8Array(400_000);
      await using consumer = topic.consumer("c", {
        dataSelector: FullDataSelector,
        dataAllocator: (_, { size }) => {
          const cut = Math.floor(size / 3);
          return [pool.subarray(0, cut), new DataView(pool.buffer, 350_000, 0), pool.subarray(cut, size)];
        },
      });
      for (const [n, event] of (await fixture.take(consumer, 5)).entries()) {
        if (n !== 4) continue;
        equal(event.dataBuffers[0]?.buffer, pool.buffer);
        deepEqual(event.data, bytes(n, nth(SIZES, n)));
      }
    },
  },
  {
    name: "an allocator of a wrong size fails the wait, and the event is not lost",
    needs: ["data"],
    async check(fixture) {
      await using topic = await oneTopic(fixture);
      let extra = 1;
      await using consumer = topic.consumer("c", {
        dataSelector: (_, descriptor) => descriptor.size > 0 ? descriptor : null,
        dataAllocator: (_, { size }) => new Uint8Array(size + extra),
      });
      equal((await fixture.one(consumer)).id, 0);
      await fails("ERR_ALLOCATION", () => consumer.pull().wait(fixture.patienceMs));
      extra = 0;
      const event = await fixture.one(consumer);
      deepEqual([event.id, event.data], [1, bytes(1, 1)]);
    },
  },
  {
    name: "data may be given in several pieces and in any view",
    needs: ["data"],
    async check(fixture) {
      await using topic = await fixture.topic();
      await using producer = topic.producer("p");
      const whole = bytes(3, 1000);
      producer.push({ n: 0 }, [
        whole.subarray(0, 100),
        whole.buffer.slice(100, 200),
        new DataView(whole.buffer, 200, 800),
      ]);
      producer.push({ n: 1 }, whole.buffer);
      producer.push({ n: 2 }, new Uint16Array(whole.buffer, 10, 20));
      producer.push({ n: 3 }, []);
      producer.push({ n: 4 }, whole.subarray(3, 9));
      await producer.flush();
      await using consumer = topic.consumer("c", { dataSelector: FullDataSelector });
      const events = await fixture.take(consumer, 5);
      deepEqual(events.map((event) => event.data), [
        whole,
        whole,
        whole.slice(10, 50),
        new Uint8Array(0),
        whole.slice(3, 9),
      ]);
    },
  },
  {
    name: "data may be given as a stream, and the order is kept",
    needs: ["data", "streams"],
    async check(fixture) {
      await using topic = await fixture.topic();
      await using producer = topic.producer("p");
      async function* pieces(): AsyncGenerator<Uint8Array> {
        for (const index of range(0, 5)) {
          await new Promise((resolve) => setTimeout(resolve, 2));
          yield bytes(index, 50_000);
        }
      }
      const ids = [
        producer.push({ n: 0 }),
        producer.push({ n: 1 }, pieces()),
        producer.push({ n: 2 }, bytes(2, 10)),
        producer.push({ n: 3 }, new Blob([bytes(3, 70_000).slice()]).stream()),
        producer.push({ n: 4 }),
      ];
      deepEqual(await Promise.all(ids), range(0, 5));
      await using consumer = topic.consumer("c", { dataSelector: FullDataSelector });
      const events = await fixture.take(consumer, 5);
      deepEqual(events.map((event) => event.metadata.n), range(0, 5));
      const streamed = new Uint8Array(250_000);
      for (const index of range(0, 5)) streamed.set(bytes(index, 50_000), index * 50_000);
      deepEqual(nth(events, 1).data, streamed);
      deepEqual(nth(events, 2).data, bytes(2, 10));
      deepEqual(nth(events, 3).data, bytes(3, 70_000));
    },
  },
  {
    name: "an empty stream is an event without data",
    needs: ["data", "streams"],
    async check(fixture) {
      await using topic = await fixture.topic();
      await using producer = topic.producer("p");
      async function* nothing(): AsyncGenerator<Uint8Array> {}
      async function* emptyPieces(): AsyncGenerator<Uint8Array> {
        for (const _ of range(0, 3)) yield new Uint8Array(0);
      }
      producer.push({ n: 0 }, nothing());
      producer.push({ n: 1 }, emptyPieces());
      producer.push({ n: 2 }, new Blob([]).stream());
      producer.push({ n: 3 }, [new Uint8Array(0), new ArrayBuffer(0)]);
      await producer.flush();
      await using consumer = topic.consumer("c", { dataSelector: FullDataSelector });
      for (const [n, event] of (await fixture.take(consumer, 4)).entries()) {
        deepEqual([event.metadataText, event.dataDescriptor.size], [`{"n":${n}}`, 0]);
      }
    },
  },
  {
    name: "data detached before it is stored fails alone, and the events around it are stored",
    needs: ["data"],
    async check(fixture) {
      await using topic = await fixture.topic();
      await using producer = topic.producer("p");
      const lost = new Uint8Array(100);
      const pushes = [
        producer.push({ n: 0 }, bytes(0, 100)),
        producer.push({ n: 1 }, lost),
        producer.push({ n: 2 }, bytes(2, 100)),
      ];
      structuredClone(lost.buffer, { transfer: [lost.buffer] });
      await fails("ERR_INVALID_DATA", () => nth(pushes, 1));
      deepEqual([await nth(pushes, 0), await nth(pushes, 2)], [0, 1]);
      await using consumer = topic.consumer("c", { dataSelector: FullDataSelector });
      const events = await fixture.take(consumer, 2);
      deepEqual(events.map(({ metadata }) => metadata.n), [0, 2]);
      deepEqual(events.map(({ data }) => data), [bytes(0, 100), bytes(2, 100)]);
    },
  },
  {
    name: "a stream that fails rejects its push, and leaves no event",
    needs: ["data", "streams"],
    async check(fixture) {
      await using topic = await fixture.topic();
      await using producer = topic.producer("p");
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield bytes(0, 100_000);
        await Promise.resolve();
        throw new Error("the detector went away");
      }
      let message = "";
      await producer.push({ n: 0 }, broken()).catch((error) => message = String(error));
      equal(message.includes("the detector went away"), true, message);
      equal(await producer.push({ n: 1 }), 0);
      await using consumer = topic.consumer("c");
      equal((await fixture.one(consumer)).metadata.n, 1);
    },
  },
  {
    name: "a pipe copies a topic unchanged: text digit by digit, and all data, selected or not",
    needs: ["data"],
    async check(fixture) {
      await using topic = await fixture.topic();
      await fixture.create("copy", { num_partitions: 1 });
      await using copy = await fixture.driver.openTopic("copy");
      const texts = [
        '"42"',
        "42",
        '"plain"',
        '{"metadata": 1, "data": [2]}',
        "12345678901234567890.10",
        "[ ]",
      ];
      await using producer = (topic as unknown as Topic).producer("p");
      for (const [n, text] of texts.entries()) producer.push(text, bytes(n, n * 1000));
      await producer.flush();
      await using consumer = (topic as unknown as Topic).consumer("c");
      await using copier = copy.producer("p");
      await consumer.readable({ until: "end" }).pipeTo(copier.writable());
      await using reader = copy.consumer("c", { dataSelector: FullDataSelector });
      for (const [n, event] of (await fixture.take(reader, texts.length)).entries()) {
        equal(event.metadataText, texts[n]);
        deepEqual(event.data, bytes(n, n * 1000));
      }
    },
  },
];
