// `process` with `concurrency` ran callbacks concurrently. When one had finished, its event was acknowledged,
// which covered every earlier one, including those still running and one that then failed. After a restart,
// that one was never delivered again.
import { assertEquals, assertRejects } from "@std/assert";
import {
  type Consumer,
  Driver,
  type Event,
  type ProcessOptions,
  StopEventProcessor,
  StorageError,
} from "../../mod.ts";
import { ScriptedSource } from "../consumer/scripted_consumer.ts";
import { test } from "../harness.ts";
import { gate } from "../waiting.ts";

const boom = new Error("boom");

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A topic with ten events in each partition, and a consumer of it. */
async function withEvents(
  numPartitions: number,
  use: (consumer: Consumer, stored: () => Promise<number[]>) => Promise<void>,
): Promise<void> {
  await using driver = await Driver.open("memory", {});
  await driver.createTopic("t", { num_partitions: numPartitions });
  await using topic = await driver.openTopic("t");
  await using producer = topic.producer("p");
  for (let n = 0; n < 10 * numPartitions; n++) producer.push(n, undefined, { partition: n % numPartitions });
  await producer.flush();
  await using consumer = topic.consumer("c");
  // Where a consumer with that name would start, by partition.
  await use(consumer, async () => (await topic.lag("c")).map(({ position }) => position));
}

const FOUR: ProcessOptions = { until: "end", concurrency: 4 };

async function failAtEvent3(consumer: Consumer): Promise<void> {
  await assertRejects(() =>
    consumer.process((event) => {
      if (event.id === 3) throw boom;
    }, FOUR)
  );
}

test("a failed event and its successors are delivered again although successors were acknowledged", async () => {
  await withEvents(1, async (consumer, stored) => {
    await assertRejects(
      () =>
        consumer.process(async (event) => {
          if (event.id === 2) {
            await sleep(10);
            throw boom;
          }
          await event.acknowledge();
        }, FOUR),
      Error,
      "boom",
    );
    assertEquals(await stored(), [2]);
  });
});

test("an awaited acknowledgement does not wait for later callbacks, and is stored when earlier ones end", async () => {
  await withEvents(1, async (consumer, stored) => {
    const { opened, open } = gate();
    const seen: number[][] = [];
    const count = await consumer.process(async (event) => {
      if (event.id === 0) await opened;
      await event.acknowledge();
      if (event.id === 3) {
        seen.push(await stored());
        open();
      }
    }, FOUR);
    assertEquals([count, seen, await stored()], [10, [[0]], [10]]);
  });
});

test("while callbacks run, only positions before the first of them are stored", async () => {
  const source = new ScriptedSource();
  source.store(6);
  await using consumer = source.consumer();
  const gates = Array.from({ length: 6 }, gate);
  const processing = consumer.process(async (event) => {
    event.acknowledge();
    await gates[event.id].opened;
  }, { until: "end", concurrency: 6 });
  await sleep(5);
  assertEquals(source.acknowledged, []);
  const steps: [end: number, stored: string[]][] = [
    [1, []],
    [0, ["0:2"]],
    [3, ["0:2"]],
    [5, ["0:2"]],
    [2, ["0:2", "0:4"]],
  ];
  for (const [end, expected] of steps) {
    gates[end].open();
    await sleep(5);
    assertEquals(source.acknowledged, expected);
  }
  gates[4].open();
  await processing;
  assertEquals(source.acknowledged, ["0:2", "0:4", "0:6"]);
});

test("an event that acknowledges itself and then fails is delivered again", async () => {
  await withEvents(1, async (consumer, stored) => {
    await assertRejects(
      () =>
        consumer.process(async (event) => {
          await event.acknowledge();
          if (event.id === 5) throw boom;
        }, FOUR),
      Error,
      "boom",
    );
    assertEquals(await stored(), [5]);
  });
});

test("a completed event that was not acknowledged is covered by its successors", async () => {
  await withEvents(1, async (consumer, stored) => {
    await consumer.process(async (event) => {
      await sleep(event.id % 3);
      if (event.id % 5 === 4) event.acknowledge();
    }, FOUR);
    assertEquals(await stored(), [10]);
  });
});

test("the event that stops the processing is delivered again, unless it was acknowledged itself", async () => {
  for (const isAcknowledged of [true, false]) {
    await withEvents(1, async (consumer, stored) => {
      await consumer.process(async (event) => {
        if (event.id === 4) {
          if (isAcknowledged) event.acknowledge();
          await sleep(10);
          throw new StopEventProcessor();
        }
        await event.acknowledge();
        if (event.id > 4) await sleep(20);
      }, FOUR);
      assertEquals(await stored(), [isAcknowledged ? 8 : 4]);
    });
  }
});

test("a signal or timeout ends process(), and acknowledgements of running callbacks are stored", async () => {
  for (const way of ["signal", "time"]) {
    await withEvents(1, async (consumer, stored) => {
      const controller = new AbortController();
      const limits = way === "signal" ? { signal: controller.signal } : { timeoutMs: 5 };
      const processing = consumer.process(async (event) => {
        if (event.id === 8) controller.abort(boom);
        await sleep(event.id === 7 ? 30 : 1);
        event.acknowledge();
      }, { ...limits, concurrency: 4 });
      if (way === "signal") await assertRejects(() => processing, Error, "boom");
      else assertEquals(await processing, 10);
      assertEquals(await stored(), [way === "signal" ? 9 : 10]);
    });
  }
});

test("each partition has its own limit", async () => {
  await withEvents(3, async (consumer, stored) => {
    const { opened, open } = gate();
    let done = 0;
    await assertRejects(
      () =>
        consumer.process(async (event) => {
          event.acknowledge();
          if (event.partition === 1 && event.id === 3) {
            await opened;
            throw boom;
          }
          await sleep(1);
          if (++done === 29) open();
        }, { until: "end", concurrency: 8 }),
      Error,
      "boom",
    );
    assertEquals(await stored(), [10, 3, 10]);
  });
});

test("acknowledging an older or newer event in a callback covers no running callback", async () => {
  await withEvents(1, async (consumer, stored) => {
    const given: Event[] = [];
    for await (const event of consumer.events({ until: "end" })) given.push(event);
    await consumer.seek({ id: 4 });
    await assertRejects(
      () =>
        consumer.process(async (event) => {
          await sleep(1);
          if (event.id === 5) await given[1].acknowledge();
          if (event.id === 6) await given[9].acknowledge();
          if (event.id === 7) {
            assertEquals(await stored(), [4]);
            throw boom;
          }
          if (event.id === 4) await sleep(20);
        }, FOUR),
      Error,
      "boom",
    );
    assertEquals(await stored(), [7]);
    // Outside all callbacks, the caller decides.
    await given[9].acknowledge();
    assertEquals(await stored(), [10]);
  });
});

test("an acknowledgement after its callback, or after all of them, does not cover a failed one", async () => {
  await withEvents(1, async (consumer, stored) => {
    const given: Event[] = [];
    const late: Promise<unknown>[] = [];
    await assertRejects(
      () =>
        consumer.process(async (event) => {
          given.push(event);
          late.push(sleep(10 * event.id).then(() => event.acknowledge()));
          await sleep(1);
          if (event.id === 1) throw boom;
        }, FOUR),
      Error,
      "boom",
    );
    await Promise.all(late);
    await given[3].acknowledge();
    assertEquals(await stored(), [1]);
    // Delivered again, and done.
    await consumer.seek({ id: 1 });
    await consumer.process((event) => void event.acknowledge(), FOUR);
    assertEquals(await stored(), [10]);
  });
});

test("two process() calls on one consumer defer each other's acknowledgements", async () => {
  await withEvents(1, async (consumer, stored) => {
    const { opened, open } = gate();
    const slow = consumer.process(async (event) => {
      if (event.id === 0) await opened;
    }, { maxEvents: 1, concurrency: 2 });
    await consumer.process(async (event) => {
      await event.acknowledge();
    }, FOUR);
    assertEquals(await stored(), [0]);
    open();
    await slow;
    assertEquals(await stored(), [10]);
  });
});

test("an event that failed in one process() call is not covered by others that run beside it", async () => {
  await withEvents(1, async (consumer, stored) => {
    const taken = gate();
    const begun = gate();
    const failed = gate();
    const failing = assertRejects(() =>
      consumer.process(async (event) => {
        await event.acknowledge();
        if (event.id === 0) return;
        taken.open();
        await begun.opened;
        throw boom;
      }, { maxEvents: 2, concurrency: 2 })
    );
    await taken.opened;
    const running = consumer.process(async (event) => {
      begun.open();
      await failed.opened;
      await event.acknowledge();
    }, FOUR);
    await failing;
    failed.open();
    await running;
    assertEquals(await stored(), [1]);
  });
});

test("an event that failed beside other process() calls covers nothing any more once it was delivered again", async () => {
  await withEvents(1, async (consumer, stored) => {
    const { opened, open } = gate();
    const running = consumer.process(() => opened, { maxEvents: 1, concurrency: 2 });
    await failAtEvent3(consumer);
    await consumer.seek({ id: 3 });
    await consumer.process((event) => void event.acknowledge(), FOUR);
    assertEquals(await stored(), [0]);
    open();
    await running;
    await consumer.close();
    assertEquals(await stored(), [10]);
  });
});

test("a stored seek is not undone by an acknowledgement that was deferred before it", async () => {
  await withEvents(2, async (consumer, stored) => {
    await consumer.process(async (event) => {
      if (event.partition !== 0 || event.id !== 2) return void event.acknowledge();
      await sleep(10);
      await consumer.seek("earliest", { store: true, partitions: [0] });
    }, { until: "end", concurrency: 30 });
    assertEquals(await stored(), [0, 10]);
  });
});

test("a stored seek beyond an event that failed gives it up, also while other process() calls run", async () => {
  await withEvents(1, async (consumer, stored) => {
    const { opened, open } = gate();
    const running = consumer.process(() => opened, { maxEvents: 1, concurrency: 2 });
    await failAtEvent3(consumer);
    await consumer.seek({ id: 8 }, { store: true });
    open();
    await consumer.process((event) => void event.acknowledge(), FOUR);
    await running;
    assertEquals(await stored(), [10]);
  });
});

test("a stored seek beyond an event that failed gives it up, also while another callback of that call runs", async () => {
  await withEvents(1, async (consumer, stored) => {
    const { opened, open } = gate();
    const failed = gate();
    const failing = assertRejects(() =>
      consumer.process(async (event) => {
        if (event.id === 0) return await opened;
        failed.open();
        throw boom;
      }, { maxEvents: 2, concurrency: 2 })
    );
    await failed.opened;
    await consumer.seek({ id: 8 }, { store: true });
    const last = gate();
    const running = consumer.process(async (event) => {
      if (event.id === 9) await last.opened;
      await event.acknowledge();
    }, FOUR);
    open();
    await failing;
    last.open();
    await running;
    assertEquals(await stored(), [10]);
  });
});

test("an event that failed beside other process() calls is done once it is pulled again and acknowledged", async () => {
  await withEvents(1, async (consumer, stored) => {
    const { opened, open } = gate();
    const running = consumer.process(async (event) => {
      if (event.id === 0) await opened;
    }, { maxEvents: 1, concurrency: 2 });
    await failAtEvent3(consumer);
    await consumer.seek({ id: 3 });
    const event = await consumer.pull();
    await event.acknowledge();
    open();
    await running;
    await consumer.close();
    assertEquals([event.id, await stored()], [3, [4]]);
  });
});

test("an event that failed is done once its other delivery at the same time is acknowledged", async () => {
  await withEvents(1, async (consumer, stored) => {
    const [taken, failing, acknowledging] = [gate(), gate(), gate()];
    await consumer.seek({ id: 3 });
    const first = assertRejects(() =>
      consumer.process(async () => {
        taken.open();
        await failing.opened;
        throw boom;
      }, { maxEvents: 1, concurrency: 2 })
    );
    await taken.opened;
    await consumer.seek({ id: 3 });
    const again = consumer.process(async (event) => {
      if (event.id === 3) await acknowledging.opened;
      await event.acknowledge();
    }, FOUR);
    // It takes a turn until that has event 3, too.
    await sleep(10);
    failing.open();
    await first;
    acknowledging.open();
    await again;
    assertEquals(await stored(), [10]);
  });
});

test("a stored seek that is rejected changes nothing", async () => {
  for (const failing of [false, true]) {
    const source = new ScriptedSource();
    source.store(6);
    await using consumer = source.consumer();
    source.seeking = () => Promise.reject(new StorageError("ENOSPC", "Cannot write: no space left"));
    const { opened, open } = gate();
    const running = consumer.process(() => opened, { maxEvents: 1, concurrency: 2 });
    const process = () =>
      consumer.process((event) => {
        event.acknowledge();
        if (failing && event.id === 3) throw boom;
      }, { until: "end", concurrency: 2 });
    await (failing ? assertRejects(process, Error, "boom") : process());
    await assertRejects(() => consumer.seek({ id: 5 }, { store: true }), StorageError);
    if (failing) await process();
    open();
    await running;
    await consumer.close();
    assertEquals(source.acknowledged.at(-1), failing ? "0:3" : "0:6");
  }
});

test("a deferred acknowledgement that cannot be stored rejects process()", async () => {
  const source = new ScriptedSource();
  source.store(4);
  await using consumer = source.consumer();
  source.acknowledgeError = new StorageError("ENOSPC", "Cannot write: no space left");
  await assertRejects(
    () => consumer.process(async (event) => void await event.acknowledge(), { until: "end", concurrency: 2 }),
    StorageError,
  );
  source.acknowledgeError = undefined;
});

test("with one callback at a time, acknowledgements are stored at once, even if the callback then fails", async () => {
  await withEvents(1, async (consumer, stored) => {
    await assertRejects(
      () =>
        consumer.process(async (event) => {
          await event.acknowledge();
          assertEquals(await stored(), [event.id + 1]);
          if (event.id === 3) throw boom;
        }),
      Error,
      "boom",
    );
    assertEquals(await stored(), [4]);
  });
});
