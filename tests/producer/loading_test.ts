// Producers whose components are loaded later, and what a flush and a close wait for and report.
import { assertEquals, assertRejects } from "@std/assert";
import { FlushError } from "../../mod.ts";
import { test } from "../harness.ts";
import { turn } from "../waiting.ts";
import { ScriptedTopic } from "./scripted_topic.ts";

test("ready() waits for the components, and what is pushed then goes through those that were loaded", async () => {
  for (const way of ["loaded", "failed"] as const) {
    const topic = new ScriptedTopic();
    let end = (_: typeof way) => {};
    const loading = new Promise<void>((resolve, reject) =>
      end = (outcome) => outcome === "loaded" ? resolve() : reject(new Error("no module"))
    );
    let isLoaded = false;
    const validator = {
      // Until it is loaded, another one stands in for it.
      get acceptsAll() {
        return !isLoaded;
      },
      validate: () => {
        throw new RangeError("not this");
      },
    };
    const producer = topic.producer({}, { validator, loading } as never);
    let isReady = false;
    const ready = producer.ready().then(() => isReady = true);
    await turn();
    assertEquals(isReady, false);
    isLoaded = true;
    end(way);
    await ready;
    const outcome = await producer.push("1").then(() => "stored", (error) => String(error));
    assertEquals(outcome.includes(way === "failed" ? "stored" : "not this"), true, outcome);
    await producer.close();
  }
});

test("a flush waits for a single event that is still being prepared", async () => {
  const topic = new ScriptedTopic();
  let accept = () => {};
  const validator = { validate: () => new Promise<void>((resolve) => accept = resolve) };
  const producer = topic.producer({}, { validator: validator as never });
  producer.push("1");
  const flushed = producer.flush();
  await turn();
  accept();
  await flushed;
  assertEquals(topic.batches, [["1"]]);
  await producer.close();
});

test("what a close has reported is not reported again", async () => {
  const topic = new ScriptedTopic();
  const producer = topic.producer();
  topic.answer = new Error("no room");
  producer.push("1");
  await assertRejects(() => producer.close(), FlushError);
  await turn();
  assertEquals(await producer.flush(), true);
});
