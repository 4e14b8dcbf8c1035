// Work that is repeated only after an error that says it can be.
import { assertEquals, assertRejects } from "@std/assert";
import { Repeatable } from "../../src/consumer/repeatable.ts";
import { test } from "../harness.ts";

/** Counts its calls; each ends as the script of its number says. */
function scripted(
  ...script: (() => Promise<string>)[]
): { work: () => Promise<string>; calls: () => number } {
  let calls = 0;
  return { work: () => script[calls++](), calls: () => calls };
}

const passing = () => Promise.reject(Object.assign(new Error("passing"), { canRetry: true }));
const final = () => Promise.reject(Object.assign(new Error("final"), { canRetry: false }));
const done = () => Promise.resolve("done");

test("the work begins at once, and all callers get its one result", async () => {
  const { work, calls } = scripted(done, () => Promise.resolve("again"));
  const repeatable = new Repeatable(work);
  assertEquals(calls(), 1);
  assertEquals([await repeatable.result(), await repeatable.result()], ["done", "done"]);
  assertEquals(calls(), 1);
});

test("a failure before anyone asks is reported to the first caller", async () => {
  const { work } = scripted(passing);
  const repeatable = new Repeatable(work);
  await repeatable.idle();
  await assertRejects(() => repeatable.result(), Error, "passing");
});

test("a final error is every caller's, also one that is not an object", async () => {
  for (const fail of [final, () => Promise.reject("final"), () => Promise.reject(undefined)]) {
    const { work, calls } = scripted(fail, done);
    const repeatable = new Repeatable(work);
    for (let call = 0; call < 3; call++) {
      assertEquals(await repeatable.result().then(() => "stored", () => "failed"), "failed");
    }
    assertEquals(calls(), 1);
  }
});

test("callers that wait together get one passing error, and the next caller begins the work again", async () => {
  const { work, calls } = scripted(passing, done);
  const repeatable = new Repeatable(work);
  const results = await Promise.allSettled([repeatable.result(), repeatable.result()]);
  assertEquals(results.map(({ status }) => status), ["rejected", "rejected"]);
  assertEquals(calls(), 1);
  assertEquals(await repeatable.result(), "done");
  assertEquals(await repeatable.result(), "done");
  assertEquals(calls(), 2);
});

test("idle() waits for the work that is being done, and not for more", async () => {
  let end = (_: string) => {};
  const { work, calls } = scripted(passing, () => new Promise((resolve) => end = resolve));
  const repeatable = new Repeatable(work);
  await assertRejects(() => repeatable.result(), Error, "passing");
  await repeatable.idle();
  assertEquals(calls(), 1);

  const result = repeatable.result();
  let isIdle = false;
  const idle = repeatable.idle().then(() => isIdle = true);
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(isIdle, false);
  end("done");
  await idle;
  assertEquals(await result, "done");
});
