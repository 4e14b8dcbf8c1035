// A consumer of the files driver that was closed while it waited for events kept waiting, and when the wait
// finally ended, it started the timer that ends its watch on the folders, which no later close ended. The
// memory driver's consumer kept waiting, too. A wait ends with its consumer, and nothing starts after the
// close.
import { assertEquals } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ConsumerInterface, DriverInterface } from "../../mod.ts";
import { makeDriver } from "../../src/drivers/registry.ts";
import { test } from "../harness.ts";

/** Counts the timers that are started during a call and neither end nor are cleared. */
async function timersLeft(work: () => Promise<void>): Promise<number> {
  const { setTimeout, setInterval, clearTimeout, clearInterval } = globalThis;
  const left = new Set<unknown>();
  const clear = (original: (timer: never) => void) => (timer: never): void => {
    left.delete(timer);
    original(timer);
  };
  Object.assign(globalThis, {
    setTimeout: (callback: () => void, ms: number) => {
      const timer = setTimeout(() => {
        left.delete(timer);
        callback();
      }, ms);
      left.add(timer);
      return timer;
    },
    setInterval: (callback: () => void, ms: number) => {
      const timer = setInterval(callback, ms);
      left.add(timer);
      return timer;
    },
    clearTimeout: clear(clearTimeout),
    clearInterval: clear(clearInterval),
  });
  try {
    await work();
    return left.size;
  } finally {
    for (const timer of left) clearTimeout(timer as number);
    Object.assign(globalThis, { setTimeout, setInterval, clearTimeout, clearInterval });
  }
}

const DRIVERS: Record<string, (folder: string) => Promise<DriverInterface>> = {
  files: (folder) => makeDriver("files", { root_path: folder }),
  memory: () => makeDriver("memory", {}),
  "ListDriver of the examples": () =>
    makeDriver(
      `ListDriver:${fileURLToPath(new URL("../../examples/driver/list_driver.ts", import.meta.url))}`,
      {},
    ),
};

type Use = (consumer: ConsumerInterface, controller: AbortController) => Promise<void>;

/** Waits at the end of a topic with each driver, and returns how many timers were left. */
async function timersLeftBy(open: (folder: string) => Promise<DriverInterface>, use: Use): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-timers-"));
  const driver = await open(folder);
  try {
    const component = { type: "default" };
    await driver.createTopic("t", {
      options: { num_partitions: 1 },
      validator: component,
      partitionSelector: component,
      serializer: component,
    });
    const topic = await driver.openTopic("t");
    const left = await timersLeft(async () => {
      const request = { from: "earliest", onCorruption: "throw", dataWanted: false } as const;
      const consumer = topic.consumer("c", request);
      await consumer.open();
      await use(consumer, new AbortController());
    });
    await topic.close();
    return left;
  } finally {
    await driver.close();
    rmSync(folder, { recursive: true });
  }
}

const WAYS: Record<string, Use> = {
  "ends its wait when it is closed": async (consumer, { signal }) => {
    const waits = [consumer.waitForEvents(signal), consumer.waitForEvents(signal)];
    await consumer.close();
    await Promise.all(waits);
  },
  "is closed before the signal of its wait aborts": async (consumer, controller) => {
    const waits = [consumer.waitForEvents(controller.signal), consumer.waitForEvents(controller.signal)];
    await consumer.close();
    controller.abort();
    await Promise.all(waits);
  },
  "is closed after the signal of its wait aborted": async (consumer, controller) => {
    const waits = [consumer.waitForEvents(controller.signal), consumer.waitForEvents(controller.signal)];
    controller.abort();
    await consumer.close();
    await Promise.all(waits);
  },
  "waits for nothing once it is closed": async (consumer, { signal }) => {
    await consumer.close();
    await consumer.waitForEvents(signal);
  },
  "waits for nothing under a signal that aborted": async (consumer, { signal }) => {
    const controller = new AbortController();
    const wait = consumer.waitForEvents(controller.signal);
    controller.abort();
    await wait;
    await consumer.waitForEvents(AbortSignal.abort());
    await consumer.close();
    await consumer.waitForEvents(signal);
  },
};

for (const [name, open] of Object.entries(DRIVERS)) {
  for (const [way, use] of Object.entries(WAYS)) {
    test(`a consumer of ${name} ${way} and leaves no timer`, async () => {
      assertEquals(await timersLeftBy(open, use), 0);
    });
  }
}
