// On Node, a program that waited for an event in memory with `AbortSignal.timeout()` ended at once, with code 13:
// the timer of that signal does not keep a program running. In files it waited, because of the watched folder.
import { assertEquals, assertRejects } from "@std/assert";
import process from "node:process";
import { setImmediate } from "node:timers/promises";
import { type Consumer, Driver } from "../../mod.ts";
import { test } from "../harness.ts";

/** Bun does not say what keeps it running. */
const SAYS_WHAT_RUNS = !("Bun" in globalThis);

const WAITS: Record<string, (consumer: Consumer, signal: AbortSignal) => Promise<unknown>> = {
  "pull()": (consumer, signal) => consumer.pull().wait(-1, { signal }),
  "events()": (consumer, signal) => consumer.events({ signal }).next(),
  "process()": (consumer, signal) => consumer.process(() => {}, { signal }),
};

for (const [name, wait] of Object.entries(WAITS)) {
  test(`a wait of ${name} that a signal can end keeps the program running until then`, async () => {
    await using driver = await Driver.open("memory", { store: `waits of ${name}` });
    await driver.createTopic("t");
    await using topic = await driver.openTopic("t");
    await using consumer = topic.consumer("c");
    await consumer.ready();
    const before = timers();
    const aborter = new AbortController();
    const waiting = wait(consumer, aborter.signal);
    // The first call of next() finds out about the end of the iteration before it waits.
    await setImmediate();
    assertEquals(timers() - before, SAYS_WHAT_RUNS ? 1 : 0);
    aborter.abort(new RangeError("enough"));
    await assertRejects(() => waiting, RangeError, "enough");
    assertEquals(timers(), before);
  });
}

function timers(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;
}
