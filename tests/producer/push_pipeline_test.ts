// Validators, partition selectors and serializers, synchronous and asynchronous.
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  BackpressureError,
  type ComponentDocument,
  InvalidDataError,
  InvalidMetadataError,
  type JsonValue,
  Metadata,
  NoSuchPartitionError,
  type PartitionSelector,
  type Serializer,
  type StandardResult,
  StandardSchemaValidator,
  type Validator,
} from "../../mod.ts";
import { foreignPromise } from "../foreign_promise.ts";
import { test } from "../harness.ts";
import { turn } from "../waiting.ts";
import { ScriptedTopic } from "./scripted_topic.ts";

const config = (): ComponentDocument => ({ type: "test" });

/** Answers after the number of milliseconds in the metadata. */
function slowValidator(seen: JsonValue[] = []): Validator {
  return {
    config,
    validate: async (metadata) => {
      await new Promise((resolve) => setTimeout(resolve, (metadata as { ms: number }).ms));
      seen.push(metadata);
      if ((metadata as { bad?: boolean }).bad) {
        throw new InvalidMetadataError("Cannot accept metadata: it is bad");
      }
    },
  };
}

function selectorOf(
  select: (metadata: JsonValue, requested?: number) => number | Promise<number>,
): PartitionSelector {
  return { config, setPartitions: () => {}, selectPartitionFor: select };
}

test("with strict ordering events are stored in push order, however long validation takes", async () => {
  const topic = new ScriptedTopic();
  await using producer = topic.producer({ ordering: "strict" }, { validator: slowValidator() });
  const delays = [15, 0, 8, 1, 0];
  const ids = await Promise.all(delays.map((ms, n) => producer.push({ ms, n })));
  assertEquals(ids, [0, 1, 2, 3, 4]);
  const stored = topic.batches.flat().map((text) => JSON.parse(String(text)).n);
  assertEquals(stored, [0, 1, 2, 3, 4]);
});

test("with loose ordering the event that is ready first is stored first", async () => {
  const topic = new ScriptedTopic();
  const ends: (() => void)[] = [];
  const validator: Validator = { config, validate: () => new Promise<void>((resolve) => ends.push(resolve)) };
  await using producer = topic.producer({ ordering: "loose" }, { validator });
  const ids = Promise.all([0, 1, 2].map((n) => producer.push(n)));
  for (const ready of [1, 2, 0]) {
    ends[ready]();
    await turn();
  }
  assertEquals(await ids, [2, 0, 1]);
});

test("events whose components complete at about the same time share a batch", async () => {
  const topic = new ScriptedTopic();
  const validator: Validator = { config, validate: async () => {} };
  await using producer = topic.producer({}, { validator });
  await Promise.all(Array.from({ length: 64 }, (_, n) => producer.push(n)));
  assertEquals(topic.batches.map((batch) => batch.length), [64]);
  assertEquals(await producer.push(64), 64);
  assertEquals(topic.batches.length, 2);
});

test("validators run at the same time with either ordering", async () => {
  for (const ordering of ["strict", "loose"] as const) {
    const topic = new ScriptedTopic();
    let [running, runningMax] = [0, 0];
    const counting: Validator = {
      config,
      validate: async () => {
        runningMax = Math.max(runningMax, ++running);
        await turn();
        running--;
      },
    };
    await using producer = topic.producer({ ordering }, { validator: counting });
    await Promise.all(Array.from({ length: 20 }, () => producer.push(1)));
    assertEquals(runningMax, 20);
  }
});

test("a refused event leaves no gap, and later ones continue", async () => {
  const topic = new ScriptedTopic();
  await using producer = topic.producer({}, { validator: slowValidator() });
  const pushes = [producer.push({ ms: 5 }), producer.push({ ms: 1, bad: true }), producer.push({ ms: 0 })];
  await assertRejects(async () => await pushes[1], InvalidMetadataError, "it is bad");
  assertEquals(await Promise.all([pushes[0], pushes[2]]), [0, 1]);
});

test("flush() waits for pending components", async () => {
  for (const ordering of ["strict", "loose"] as const) {
    const topic = new ScriptedTopic();
    await using producer = topic.producer({ ordering }, { validator: slowValidator() });
    const futures = [10, 1].map((ms) => producer.push({ ms }));
    assertEquals(await futures[0].wait(0), undefined);
    await producer.flush();
    assert(futures.every((future) => future.completed));
  }
});

test("metadata may change after push() without changing the event, even during a slow validator", async () => {
  const topic = new ScriptedTopic(2);
  const seen: JsonValue[] = [];
  await using producer = topic.producer({}, {
    validator: slowValidator(seen),
    partitionSelector: selectorOf((metadata) => (metadata as { p: number }).p),
  });
  const metadata = { ms: 2, p: 1, text: "first" };
  for (const text of ["first", "second"]) {
    metadata.text = text;
    const future = producer.push(metadata);
    metadata.text = "changed";
    metadata.p = 0;
    await future;
    metadata.p = 1;
  }
  assertEquals(topic.handed.map(({ partition }) => partition), [1, 1]);
  assertEquals(topic.batches.flat().map((text) => JSON.parse(String(text)).text), ["first", "second"]);
  assertEquals(seen.map((one) => (one as { text: string }).text), ["first", "second"]);
});

test("metadata may change after push() whatever answers later: a validator, or a selector beside a serializer", async () => {
  const later = <A>(answer: () => A) => turn().then(answer);
  const seen: JsonValue[] = [];
  const validator: Validator = { config, validate: (metadata) => later(() => void seen.push(metadata)) };
  const serializer: Serializer = {
    config,
    serialize: (metadata) => JSON.stringify(metadata),
    deserialize: () => null,
  };
  for (const components of [{ validator }, { partitionSelector: selectorOf(() => later(() => 0)) }]) {
    const topic = new ScriptedTopic();
    await using producer = topic.producer({}, { ...components, serializer });
    const metadata = { n: 0 };
    for (const n of [1, 2]) {
      metadata.n = n;
      const pushed = producer.push(metadata);
      metadata.n = 0;
      await pushed;
    }
    const stored = topic.batches.flat().map((bytes) => new TextDecoder().decode(bytes as Uint8Array));
    assertEquals(stored, ['{"n":1}', '{"n":2}']);
  }
  // That a validator answers later is known from its first answer on.
  assertEquals(seen[1], { n: 2 });
});

test("a validator gets the JSON value, whatever was pushed, and the data in pieces", async () => {
  const topic = new ScriptedTopic();
  const seen: unknown[] = [];
  const validator: Validator = {
    config,
    validate: (metadata, data) => void seen.push(metadata, data.length),
  };
  await using producer = topic.producer({}, { validator });
  producer.push({ at: new Date(0) } as never, new Uint8Array(3));
  producer.push('{"a": 1.50}', [new Uint8Array(1), new Uint8Array(2)]);
  producer.push(Metadata.text("free"));
  await producer.flush();
  assertEquals(seen, [{ at: "1970-01-01T00:00:00.000Z" }, 1, { a: 1.5 }, 2, "free", 0]);
  assertEquals(topic.batches, [['{"at":"1970-01-01T00:00:00.000Z"}', '{"a": 1.50}', '"free"']]);
});

test("a selector gets the requested partition, and may be asynchronous", async () => {
  const topic = new ScriptedTopic(4);
  const requests: unknown[] = [];
  const partitionSelector = selectorOf((metadata, requested) => {
    requests.push(requested);
    const partition = Number(metadata) % 4;
    return partition % 2 === 0 ? partition : Promise.resolve(partition);
  });
  await using producer = topic.producer({}, { partitionSelector });
  await Promise.all(
    [0, 1, 2, 3].map((n) => producer.push(n, undefined, n === 2 ? { partition: 9 } : undefined)),
  );
  assertEquals(requests, [undefined, undefined, 9, undefined]);
  assertEquals(topic.handed.map(({ partition, metadata }) => `${partition}:${metadata}`).sort(), [
    "0:0",
    "1:1",
    "2:2",
    "3:3",
  ]);
});

test("a selector that gives no partition of the topic fails the push", async () => {
  const topic = new ScriptedTopic(2);
  for (const wrong of [2, -1, 0.5, NaN, Promise.resolve(7)]) {
    await using producer = topic.producer({}, { partitionSelector: selectorOf(() => wrong) });
    await assertRejects(async () => await producer.push(1), NoSuchPartitionError);
  }
});

test("a serializer returns bytes or text, synchronously or asynchronously", async () => {
  for (const later of [false, true]) {
    const topic = new ScriptedTopic();
    const serializer: Serializer = {
      config,
      serialize: (metadata) => {
        const written = metadata === 1 ? new Uint8Array([7]) : `<${metadata}>`;
        return later ? Promise.resolve(written) : written;
      },
      deserialize: () => null,
    };
    await using producer = topic.producer({}, { serializer });
    await Promise.all([1, 2].map((n) => producer.push(n)));
    assertEquals(topic.batches, [[new Uint8Array([7]), new TextEncoder().encode("<2>")]]);
  }
  const topic = new ScriptedTopic();
  const broken: Serializer = { config, serialize: () => 3 as never, deserialize: () => null };
  await using producer = topic.producer({}, { serializer: broken });
  await assertRejects(async () => await producer.push(1), InvalidMetadataError, "the serializer gave number");
});

test("what a serializer gives is copied at once, and refused if its memory is gone", async () => {
  const topic = new ScriptedTopic();
  const own = new Uint8Array(1);
  const serializer: Serializer = {
    config,
    serialize: (metadata) => {
      own[0] = Number(metadata);
      return own;
    },
    deserialize: () => null,
  };
  await using producer = topic.producer({}, { serializer });
  await Promise.all([1, 2].map((n) => producer.push(n)));
  assertEquals(topic.batches, [[new Uint8Array([1]), new Uint8Array([2])]]);
  structuredClone(own.buffer, { transfer: [own.buffer] });
  await assertRejects(
    async () => await producer.push(3),
    InvalidMetadataError,
    "the bytes that the serializer gave are detached",
  );
});

test("a text that is not JSON, or that UTF-8 cannot hold, is refused also where components want its value", async () => {
  const accepting: Validator = { config, validate: () => {} };
  for (const chosen of [{}, { validator: accepting }, { validator: { config, validate: () => turn() } }]) {
    const topic = new ScriptedTopic();
    await using producer = topic.producer({}, chosen);
    for (const text of ["{", '"\ud800"']) {
      await assertRejects(() => producer.push(text).wait(), InvalidMetadataError, "Cannot use metadata text");
    }
    assertEquals(topic.handed, []);
  }
});

test("null is not data either where a component answers", async () => {
  const topic = new ScriptedTopic();
  const validator: Validator = { config, validate: () => {} };
  await using producer = topic.producer({}, { validator });
  assertEquals(await producer.push(1, null as never), 0);
  assertEquals(topic.handed.map(({ sizes }) => sizes), [[0]]);
});

test("components may answer with promises of another library", async () => {
  const schema = (issues?: [{ message: string }]) =>
    new StandardSchemaValidator({
      "~standard": {
        version: 1,
        vendor: "test",
        validate: () => foreignPromise({ issues } as StandardResult),
      },
    });
  const components = [
    { validator: schema() },
    { partitionSelector: selectorOf(() => foreignPromise(1)) },
    { partitionSelector: { ...selectorOf(() => foreignPromise(1)), ignoresMetadata: true } },
    { serializer: { config, serialize: () => foreignPromise("1"), deserialize: () => null } },
  ];
  for (const chosen of components) {
    const topic = new ScriptedTopic(2);
    await using producer = topic.producer({}, chosen);
    assertEquals(await producer.push("1"), 0);
  }
  await using producer = new ScriptedTopic().producer({}, { validator: schema([{ message: "bad" }]) });
  await assertRejects(() => producer.push("1").wait(), InvalidMetadataError, "bad");
});

test("a selector that fails later, for an event whose data is refused at once, leaves no rejection unhandled", async () => {
  const partitionSelector = {
    ...selectorOf(() => turn().then(() => Promise.reject(new Error("no")))),
    ignoresMetadata: true,
  };
  await using producer = new ScriptedTopic().producer({}, { partitionSelector });
  await assertRejects(() => producer.push("1", "text" as never).wait(), InvalidDataError);
  await turn();
  await turn();
});

test("events whose components answer at once wait for none: a loop that never awaits is not bounded by them", async () => {
  const topic = new ScriptedTopic();
  const components = [
    { validator: { config, validate: () => {} } },
    { partitionSelector: selectorOf(() => 0) },
    { partitionSelector: { ...selectorOf(() => 0), ignoresMetadata: true } },
    { serializer: { config, serialize: () => "1", deserialize: () => null } },
  ];
  for (const chosen of components) {
    await using producer = topic.producer({ batchSize: 1, maxPendingBytes: 4000 }, chosen);
    const pushes = Array.from({ length: 10 }, () => producer.push(1, new Uint8Array(1000)));
    assertEquals(pushes.every(({ completed }) => completed), true, Object.keys(chosen)[0]);
    assertEquals((await Promise.all(pushes)).length, 10);
  }
});

test("events that wait for components are bounded, too", async () => {
  const topic = new ScriptedTopic();
  // A waiting event counts 1 KiB in addition to its metadata.
  const options = { batchSize: 2, maxNumBatches: 2, maxPendingBytes: 4000 };
  await using producer = topic.producer(options, { validator: slowValidator() });
  const pushes = Array.from({ length: 5 }, () => producer.push({ ms: 5 }));
  await assertRejects(async () => await pushes[4], BackpressureError, "await producer.ready()");
  await producer.ready();
  assertEquals(await producer.push({ ms: 0 }), 4);
});

test("ready() waits for memory, too: a few large events that wait for components are as many as may", async () => {
  const topic = new ScriptedTopic();
  let end = (): void => {};
  const validator: Validator = { config, validate: () => new Promise<void>((resolve) => end = resolve) };
  await using producer = topic.producer({ maxPendingBytes: 4000 }, { validator });
  const first = producer.push(1, new Uint8Array(4000));
  await assertRejects(async () => await producer.push(2), BackpressureError, "await producer.ready()");
  let isReady = false;
  const ready = producer.ready().then(() => isReady = true);
  await turn();
  const wasReady = isReady;
  end();
  await ready;
  const second = producer.push(2);
  end();
  assertEquals(wasReady, false);
  assertEquals(await Promise.all([first, second]), [0, 1]);
});

test("a loop that never awaits is stored by its flush, even with an asynchronous component", async () => {
  const topic = new ScriptedTopic();
  await using producer = topic.producer({ batchSize: 10, maxNumBatches: 2 }, { validator: slowValidator() });
  const pushes = Array.from({ length: 1000 }, () => producer.push({ ms: 0 }));
  await producer.flush();
  assertEquals(await Promise.all(pushes), Array.from({ length: 1000 }, (_, n) => n));
});

test("with strict ordering an event that is ready waits for earlier ones whose partition is not yet chosen", async () => {
  for (const ordering of ["strict", "loose"] as const) {
    const topic = new ScriptedTopic();
    // Does not read metadata, so only its text is needed, and answers asynchronously for requests for partition
    // 1.
    const partitionSelector: PartitionSelector = {
      ...selectorOf((_, requested) =>
        requested === 1 ? new Promise((resolve) => setTimeout(() => resolve(0), 5)) : 0
      ),
      ignoresMetadata: true,
    };
    await using producer = topic.producer({ ordering }, { partitionSelector });
    const later = producer.push('"later"', undefined, { partition: 1 });
    const atOnce = producer.push('"at once"');
    const ids = await Promise.all([later, atOnce]);
    assertEquals(ids, ordering === "strict" ? [0, 1] : [1, 0], ordering);
  }
});

test("with strict ordering an event validated at once waits for earlier, slower ones", async () => {
  for (const ordering of ["strict", "loose"] as const) {
    const topic = new ScriptedTopic();
    const validator: Validator = {
      config,
      validate: (metadata) =>
        metadata === "later" ? new Promise((resolve) => setTimeout(resolve, 5)) : undefined,
    };
    await using producer = topic.producer({ ordering }, { validator });
    const ids = await Promise.all([producer.push('"later"'), producer.push('"at once"')]);
    assertEquals(ids, ordering === "strict" ? [0, 1] : [1, 0], ordering);
  }
});

test("what a selector answers has to be one of the topic's partitions, whichever way it is asked", async () => {
  for (const answer of [-1, 2, 0.5, NaN, "1", undefined, null] as number[]) {
    for (const ignoresMetadata of [true, false]) {
      for (const later of [true, false]) {
        const selector = selectorOf(() => later ? Promise.resolve(answer) : answer);
        const topic = new ScriptedTopic(2);
        await using producer = topic.producer({}, {
          partitionSelector: { ...selector, ignoresMetadata } as PartitionSelector,
        });
        await assertRejects(() => producer.push("1").wait(), NoSuchPartitionError, String(answer));
        assertEquals(topic.handed, []);
      }
    }
  }
});
